// Times in words, where the reader is. The one place that does so.

const clock = new Intl.DateTimeFormat(undefined, {hour: 'numeric', minute: '2-digit'});
const date = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short'});
const exact = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'short'});
const MINUTE = 60_000;

function words(at, shape) {
  if (shape === 'clock') return clock.format(at);
  const ago = Date.now() - at;
  if (ago < MINUTE) return 'now';
  if (ago < 60 * MINUTE) return `${Math.floor(ago / MINUTE)} min`;
  return at.toDateString() === new Date().toDateString() ? clock.format(at) : date.format(at);
}

function tell(root) {
  for (const time of root.querySelectorAll('time[data-shape]')) {
    const at = new Date(time.dateTime);
    const said = words(at, time.dataset.shape);
    if (time.textContent === said) continue;
    time.textContent = said;
    time.title = exact.format(at);
  }
}

document.addEventListener('htmx:after:swap', () => tell(document));
setInterval(() => tell(document), MINUTE / 4);
