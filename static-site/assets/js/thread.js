// The conversation that the address gives: its messages, grouped by day, and the scroll position.

const list = document.getElementById('messages');
const parts = document.getElementById('thread-parts');
const named = new URLSearchParams(location.search).get('c');
let conversation = named ?? '';

const base = () => `/api/conversations/${encodeURIComponent(conversation)}`;
const point = () => {
  if (list) list.dataset.conversation = conversation;
  for (const element of document.querySelectorAll('[data-thread]')) {
    const method = element.dataset.method ?? (element.matches('form') ? 'post' : 'get');
    element.setAttribute(`hx-${method}`, base() + element.dataset.thread);
  }
  for (const link of document.querySelectorAll('#to-history')) link.search = new URLSearchParams({c: conversation});
};
if (!parts) point();

if (list) {
  const jump = document.getElementById('jump');
  const composer = document.querySelector('form.composer');
  const [optingOut, blocking] = document.querySelectorAll('.opting-out');
  const actions = document.querySelector('.thread-actions');

  // Shows another conversation in the same place, or none. The appointment's number decides which.
  globalThis.openConversation = id => {
    if (id === conversation) return;
    conversation = id;
    list.dataset.conversation = id;
    parts.hidden = !id;
    list.replaceChildren();
    list.filled = false;
    document.getElementById('conversation-head').replaceChildren();
    document.getElementById('opt-out').outerHTML = '<div class="opt-out" id="opt-out"></div>';
    closeToOptedOut();
    document.dispatchEvent(new CustomEvent('conversation', {detail: id}));
    if (!id) return;
    const first = !list.hasAttribute('hx-get');
    point();
    if (first) parts.querySelectorAll('[data-thread]').forEach(element => htmx.process(element));
    else htmx.trigger(list, 'refresh');
  };

  const below = () => list.scrollHeight - list.scrollTop - list.clientHeight;
  const toEnd = () => { list.scrollTop = list.scrollHeight; };
  let before = null;

  list.addEventListener('scroll', () => { if (below() < 40) jump.hidden = true; }, {passive: true});
  jump.addEventListener('click', () => { jump.hidden = true; toEnd(); });
  // Without a conversation there is nothing to reply to.
  document.addEventListener('htmx:after:request', event => {
    const {sourceElement, response} = event.detail.ctx;
    // A message that was sent again loses its button, and a rejected one shows below it.
    if (sourceElement.matches('.again')) htmx.trigger(list, 'refresh');
    if (sourceElement === list) composer.hidden = actions.hidden = response.status === 404;
  });

  // Disables the composer for a customer who has opted out or whose number is blocked. The draft is kept.
  function closeToOptedOut() {
    const place = document.getElementById('opt-out');
    const [optedOut, blocked] = ['[data-opted-out]', '[data-blocked]'].map(state => place.matches(state));
    composer.querySelector('fieldset').disabled = optedOut || blocked;
    if (optedOut) optingOut.open = false;
    if (blocked) blocking.open = false;
  }
  document.addEventListener('htmx:after:swap', closeToOptedOut);
  document.addEventListener('replaced', closeToOptedOut);

  // When a keyboard opens on a phone, or the composer grows, the newest message must stay visible.
  let height = list.clientHeight;
  new ResizeObserver(() => {
    if (below() - Math.max(0, height - list.clientHeight) < 40) toEnd();
    height = list.clientHeight;
  }).observe(list);

  const concerns = element => list.contains(element) || element.matches('form[data-thread]');

  document.addEventListener('htmx:before:swap', event => {
    const {sourceElement, request} = event.detail.ctx;
    if (!concerns(sourceElement)) return;
    // The response is for a conversation that is no longer open.
    if (!new URL(request.action, location).pathname.startsWith(`${base()}/`)) return event.preventDefault();
    before = {
      newest: newest()?.id,
      atEnd: below() < 80,
      below: below(),
      earlier: sourceElement.matches('.older button'),
      ours: sourceElement.matches('form[data-thread]'),
    };
  });

  document.addEventListener('htmx:after:swap', event => {
    if (!before || !concerns(event.detail.ctx.sourceElement)) return;
    showDays();
    const who = document.querySelector('#conversation-head .name');
    if (who && named !== null) document.title = `${who.textContent} · Switchboard`;
    const came = newest()?.id !== before.newest;
    if (before.earlier) list.scrollTop = list.scrollHeight - list.clientHeight - before.below;
    else if (!before.newest || before.ours || before.atEnd) toEnd();
    else if (came) jump.hidden = false;
    before = null;
  });
}

function newest() {
  return [...list.querySelectorAll('.message')].at(-1);
}

// Adds a line above the first message of each day. A correct line stays, since a screen reader would read a new one
// again.
function showDays() {
  const stale = new Set(list.querySelectorAll('.day'));
  let last = '';
  for (const message of list.querySelectorAll('.message')) {
    const at = new Date(message.dataset.at);
    if (companyDay(at) === last) continue;
    last = companyDay(at);
    let line = message.previousElementSibling;
    if (!line?.matches('.day')) {
      line = document.createElement('li');
      line.className = 'day';
      message.before(line);
    }
    stale.delete(line);
    const said = nameOfDay(at);
    if (line.textContent !== said) line.textContent = said;
  }
  stale.forEach(line => line.remove());
}

document.addEventListener('time-zone', () => list && showDays());

// Marks the row of the open conversation.
document.addEventListener('htmx:after:swap', () => {
  for (const link of document.querySelectorAll('#conversations a[data-conversation]')) {
    if (link.dataset.conversation === conversation) link.setAttribute('aria-current', 'true');
  }
});
