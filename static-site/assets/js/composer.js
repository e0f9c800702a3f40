// Writing a message: sent once however often Send is pressed, and never lost.

const form = document.querySelector('form.composer');

if (form) {
  const text = form.elements.namedItem('text');
  const counter = document.getElementById('segments');
  // A draft belongs to the conversation, wherever it is written in it, or else to the page.
  const named = new URLSearchParams(location.search).get('c');
  let place = `draft:${named ?? location.pathname}`;
  // What is written, with the name under which it was last tried: a second try is the same
  // message, also after a reload, and another text is another.
  let draft = {};
  // Also while they are disabled.
  const fields = () => Object.fromEntries([...form.elements].filter(({name}) => name).map(({name, value}) => [name, value]));
  const written = () => JSON.stringify(fields());

  const keep = () => {
    if (!hasOwner()) return;
    draft.fields = fields();
    sessionStorage.setItem(place, JSON.stringify(draft));
  };
  const show = () => {
    text.style.height = 'auto';
    text.style.height = `${text.scrollHeight + 2}px`;
    const {length, count, room} = segments(text.value.trim());
    counter.textContent = length ? `${length}/${room} · ${count} SMS` : '';
  };

  const begin = () => {
    draft = JSON.parse(sessionStorage.getItem(place) ?? '{"fields":{}}');
    form.reset();
    for (const [name, value] of Object.entries(draft.fields)) form.elements.namedItem(name).value = value;
    show();
  };
  // Whose drafts these are is known with the first answer. What was written before it stays, and is the same message as
  // before if it is the same text: some browsers fill fields in again after a reload.
  document.addEventListener('owner', () => {
    const early = fields();
    begin();
    if (!Object.values(early).some(Boolean)) return;
    for (const [name, value] of Object.entries(early)) form.elements.namedItem(name).value = value;
    keep();
    show();
  });

  document.addEventListener('conversation', event => {
    place = `draft:${event.detail}`;
    begin();
  });

  form.addEventListener('input', () => {
    keep();
    show();
  });

  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      // As the button does: not while a message is on its way.
      if (!form.querySelector('button').disabled) form.requestSubmit();
    }
  });

  const clear = () => {
    form.reset();
    sessionStorage.removeItem(place);
    show();
  };

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    // The button goes with its message, which the answer replaces.
    if (ctx.sourceElement.matches('.again')) ctx.again = ctx.sourceElement.closest('.message').querySelector('.bubble bdi').textContent;
    if (ctx.sourceElement !== form) return;
    if (draft.tried !== written()) Object.assign(draft, {tried: written(), key: crypto.randomUUID()});
    keep();
    ctx.request.headers['Idempotency-Key'] = draft.key;
    ctx.written = text.value;
  });

  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail;
    const {status} = ctx.response;
    // What was refused, and is sent again from the conversation, is not to be sent from here a second time.
    if (ctx.again && status < 300) {
      if (ctx.again.trim() === text.value.trim()) clear();
      form.closest('section').querySelector('.problem-place').replaceChildren();
    }
    if (ctx.sourceElement !== form) return;
    // A refusal is final: pressing Send again is a new try of the same text.
    if (status < 500) delete draft.tried;
    if (status >= 300) {
      // What the carrier refused stands in the conversation, with its reason, and that the number is blocked in its place.
      const thread = document.getElementById('messages');
      if ([409, 422].includes(status) && thread) htmx.trigger(thread, 'refresh');
      return keep();
    }
    // What was written on while the message was on its way is the next message.
    const more = text.value.startsWith(ctx.written) ? text.value.slice(ctx.written.length).trimStart() : text.value;
    clear();
    if (more) {
      text.value = more;
      keep();
      show();
    }
    text.focus();
  });

  // Words that are offered are only written: to send them is somebody's choice.
  document.addEventListener('click', ({target}) => {
    const offered = target.closest('[data-writes]')?.dataset.writes;
    if (!offered) return;
    text.value = [text.value.trim(), offered].filter(Boolean).join('\n');
    keep();
    show();
    text.focus();
  });

  // A page that comes back from the browser's memory may have been left while it was sending.
  addEventListener('pageshow', event => {
    if (event.persisted) form.querySelector('button').disabled = false;
  });
}
