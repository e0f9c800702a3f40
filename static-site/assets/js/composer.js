// Writing a message: sent once however often Send is pressed, and never lost.

const form = document.querySelector('form.composer');

if (form) {
  const text = form.elements.namedItem('text');
  const counter = document.getElementById('segments');
  // A draft belongs to the conversation, wherever it is written in it, or else to the page.
  const named = new URLSearchParams(location.search).get('c');
  const draftIn = conversation => openDraft(conversation && `conversation-${conversation}`);
  // What is written, with the name under which it was last tried: a second try is the same message, also after a reload or
  // on another device, and another text is another.
  let draft = form.elements.to ? openDraft('new-message') : draftIn(named);
  // Also while they are disabled.
  const fields = () => Object.fromEntries([...form.elements].filter(({name}) => name).map(({name, value}) => [name, value]));
  const written = () => JSON.stringify(fields());
  const isWritten = () => Object.values(fields()).some(Boolean);

  const keep = () => {
    const value = {...draft.value, fields: fields()};
    if (isWritten()) return draft.keep(value);
    draft.forget();
    // The same text, written anew, is the same message.
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
    // Some browsers fill fields in again after a reload.
    if (isWritten()) Object.assign(draft, {value: {fields: fields()}, isTouched: true});
    opened.load(value => {
      if (draft !== opened) return;
      fillIn(form, value.fields);
      show();
    });
  };
  // Whose drafts these are is known with the first answer.
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
      // As the button does: not while a message is on its way.
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
    // The button goes with its message, which the answer replaces.
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
    // What was refused, and is sent again from the conversation, is not to be sent from here a second time.
    if (ctx.again && status < 300) {
      if (ctx.again.trim() === text.value.trim()) clear();
      form.closest('section').querySelector('.problem-place').replaceChildren();
    }
    if (ctx.sourceElement !== form) return;
    // Another conversation is open by now.
    if (ctx.draft !== draft) return status < 300 && ctx.draft.forget();
    // A refusal is final: pressing Send again is a new try of the same text.
    if (status < 500) delete draft.value?.tried;
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
