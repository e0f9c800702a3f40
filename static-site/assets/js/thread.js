// The conversation that the page's address names: its days, and where its reader is in it.

const list = document.getElementById('messages');
const conversation = new URLSearchParams(location.search).get('c') ?? '';

if (list) {
  const base = `/api/conversations/${encodeURIComponent(conversation)}`;
  for (const element of document.querySelectorAll('[data-thread]')) {
    element.setAttribute(element.matches('form') ? 'hx-post' : 'hx-get', base + element.dataset.thread);
  }

  const jump = document.getElementById('jump');
  const below = () => list.scrollHeight - list.scrollTop - list.clientHeight;
  const toEnd = () => { list.scrollTop = list.scrollHeight; };
  let before = null;

  list.addEventListener('scroll', () => { if (below() < 40) jump.hidden = true; }, {passive: true});
  jump.addEventListener('click', () => { jump.hidden = true; toEnd(); });
  // A keyboard that opens on a phone, or a composer that grows, must not hide the newest message.
  let height = list.clientHeight;
  new ResizeObserver(() => {
    if (below() - Math.max(0, height - list.clientHeight) < 40) toEnd();
    height = list.clientHeight;
  }).observe(list);

  document.addEventListener('htmx:before:swap', event => {
    const {sourceElement} = event.detail.ctx;
    if (sourceElement !== list && !list.contains(sourceElement) && !sourceElement.matches('form[data-thread]')) return;
    before = {
      last: list.querySelector('.message:last-of-type')?.id,
      newest: newest()?.id,
      atEnd: below() < 80,
      below: below(),
      earlier: sourceElement.matches('.older button'),
      ours: sourceElement.matches('form'),
    };
  });

  document.addEventListener('htmx:after:swap', () => {
    if (!before) return;
    showDays();
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

// A line above the first message of each day.
function showDays() {
  const today = new Date().toDateString();
  const yesterday = new Date(Date.now() - 86_400_000).toDateString();
  const full = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long'});
  list.querySelectorAll('.day').forEach(day => day.remove());
  let last = '';
  for (const message of list.querySelectorAll('.message')) {
    const at = new Date(message.dataset.at);
    const day = at.toDateString();
    if (day === last) continue;
    last = day;
    const line = document.createElement('li');
    line.className = 'day';
    line.textContent = day === today ? 'Today' : day === yesterday ? 'Yesterday' : full.format(at);
    message.before(line);
  }
}

// The row of the conversation that is open.
document.addEventListener('htmx:after:swap', () => {
  for (const link of document.querySelectorAll('#conversations a[data-conversation]')) {
    if (link.dataset.conversation === conversation) link.setAttribute('aria-current', 'true');
  }
});
