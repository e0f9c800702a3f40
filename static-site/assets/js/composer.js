// The composer. It sends a message once, however often Send is pressed, and never loses it.

const form = document.querySelector('form.composer');

if (form) {
  const text = form.elements.namedItem('text');
  const counter = document.getElementById('segments');
  // A draft belongs to the conversation, on whatever page it is written, or else to the page.
  const named = new URLSearchParams(location.search).get('c');
  const draftIn = conversation => openDraft(conversation && `conversation-${conversation}`);
  // The draft with its idempotency key. Another attempt with the same text has the same key, also after a reload or on
  // another device. Another text has another key.
  let draft = form.elements.to ? openDraft('new-message') : draftIn(named);
  // Disabled fields are included.
  const fields = () => Object.fromEntries([...form.elements].filter(({name}) => name).map(({name, value}) => [name, value]));
  const written = () => JSON.stringify(fields());
  const isWritten = () => Object.values(fields()).some(Boolean);

  const keep = () => {
    const value = {...draft.value, fields: fields()};
    if (isWritten()) return draft.keep(value);
    draft.forget();
    // If the same text is written again, it is the same message.
    draft.value = value;
  };
  const show = () => {
    text.style.height = 'auto';
    text.style.height = `${text.scrollHeight + 2}px`;
    const {length, count, room} = segments(text.value.trim());
    counter.textContent = length ? `${length}/${room} · ${count} SMS` : '';
  };

  const load = () => {
    const opened = draft;
    // Some browsers fill in fields again after a reload.
    if (isWritten()) Object.assign(draft, {value: {fields: fields()}, isTouched: true});
    opened.load(value => {
      if (draft !== opened) return;
      fillIn(form, value.fields);
      show();
    });
  };
  // The first response tells which person's drafts to load.
  document.addEventListener('owner', load);

  document.addEventListener('conversation', event => {
    draft = draftIn(event.detail);
    form.reset();
    show();
    load();
  });

  form.addEventListener('input', () => {
    keep();
    show();
  });

  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      // Like the button: not while a message is being sent.
      if (!form.querySelector('button').disabled) form.requestSubmit();
    }
  });

  const clear = () => {
    form.reset();
    draft.forget();
    show();
  };

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    // The response replaces the message, and the button with it.
    if (ctx.sourceElement.matches('.again')) ctx.again = ctx.sourceElement.closest('.message').querySelector('.bubble bdi').textContent;
    if (ctx.sourceElement !== form) return;
    const tried = written();
    if (draft.value?.tried !== tried) draft.value = {...draft.value, tried, key: crypto.randomUUID()};
    ctx.request.headers['Idempotency-Key'] = draft.value.key;
    keep();
    Object.assign(ctx, {draft, written: text.value});
  });

  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail;
    const {status} = ctx.response;
    // A message that failed and was sent again from the conversation must not be sent again from here.
    if (ctx.again && status < 300) {
      if (ctx.again.trim() === text.value.trim()) clear();
      form.closest('section').querySelector('.problem-place').replaceChildren();
    }
    if (ctx.sourceElement !== form) return;
    // Another conversation is open by now.
    if (ctx.draft !== draft) return status < 300 && ctx.draft.forget();
    // A rejection is final: pressing Send again is a new attempt with the same text.
    if (status < 500) delete draft.value?.tried;
    if (status >= 300) {
      // The conversation shows a message that the carrier rejected, with the reason. The composer shows that the number
      // is blocked.
      const thread = document.getElementById('messages');
      if ([409, 422].includes(status) && thread) htmx.trigger(thread, 'refresh');
      return keep();
    }
    // Text that was added while the message was being sent is the next message.
    const more = text.value.startsWith(ctx.written) ? text.value.slice(ctx.written.length).trimStart() : text.value;
    clear();
    if (more) {
      text.value = more;
      keep();
      show();
    }
    text.focus();
  });

  // A suggested text is only inserted. The person decides whether to send it.
  document.addEventListener('click', ({target}) => {
    const offered = target.closest('[data-writes]')?.dataset.writes;
    if (!offered) return;
    text.value = [text.value.trim(), offered].filter(Boolean).join('\n');
    keep();
    show();
    text.focus();
  });

  // A page may have entered the browser's memory while it was sending.
  addEventListener('pageshow', event => {
    if (event.persisted) form.querySelector('button').disabled = false;
  });
}
