// Writing a message: sent once however often Send is pressed, and never lost.

const form = document.querySelector('form.composer');

if (form) {
  const text = form.elements.namedItem('text');
  const counter = document.getElementById('segments');
  const draft = `draft:${location.pathname}${location.search}`;
  // Names this message. A second try is the same message; another text is another.
  let message = null;

  const written = () => [...new FormData(form).values()].join('\0');
  const fit = () => {
    text.style.height = 'auto';
    text.style.height = `${text.scrollHeight + 2}px`;
  };
  const count = () => {
    const {length, count, room} = segments(text.value.trim());
    counter.textContent = length ? `${length}/${room} · ${count} SMS` : '';
  };

  text.value = sessionStorage.getItem(draft) ?? text.value;
  fit();
  count();

  form.addEventListener('input', () => {
    sessionStorage.setItem(draft, text.value);
    fit();
    count();
  });

  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    if (ctx.sourceElement !== form) return;
    if (message?.written !== written()) message = {written: written(), key: crypto.randomUUID()};
    ctx.request.headers['Idempotency-Key'] = message.key;
  });

  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail;
    if (ctx.sourceElement !== form) return;
    const {status} = ctx.response;
    // A refusal is final: pressing Send again is a new try of the same text.
    if (status < 500) message = null;
    if (status >= 300) return;
    text.value = '';
    sessionStorage.removeItem(draft);
    fit();
    count();
    text.focus();
  });
}
