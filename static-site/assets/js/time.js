// Times in words, where the company is: its appointments are there, wherever staff look at them
// from. The one place that does so. The session says where its clocks stand, since a browser's own
// data of its zone may be older, or missing; until it has, they are where this window last knew them to be.

const KEPT = 'clock';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE; // of UTC
const format = options => new Intl.DateTimeFormat(undefined, {timeZone: 'UTC', ...options});
const clock = format({hour: 'numeric', minute: '2-digit'});
const date = format({day: 'numeric', month: 'short'});
const fullDate = format({weekday: 'long', day: 'numeric', month: 'long'});
const exact = format({dateStyle: 'full', timeStyle: 'short'});

// "-480 30018840:-420": minutes ahead of UTC, then each change with its minute since 1970, the last first.
const read = said => said?.split(' ').map(change => change.includes(':') ? change.split(':').map(Number) : [-Infinity, +change]).reverse();
let kept = sessionStorage.getItem(KEPT);
let clocks = read(kept);

// A moment as the company's clocks show it, as if that were UTC.
const local = moment => {
  const at = new Date(moment);
  const ahead = clocks ? clocks.find(([since]) => since * MINUTE <= at)[1] : -at.getTimezoneOffset();
  return new Date(+at + ahead * MINUTE);
};
// 2026-11-30, by which days are told apart.
const dayOf = at => local(at).toISOString().slice(0, 10);
// The day so many days after another, by the calendar: days there have 23 to 25 hours.
const dayAfter = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

// What a day is called: today, tomorrow, yesterday, or by its date.
globalThis.nameOfDay = (at, written = fullDate) => {
  const today = dayOf(Date.now());
  for (const [name, days] of [['Today', 0], ['Yesterday', -1], ['Tomorrow', 1]]) {
    if (dayOf(at) === dayAfter(today, days)) return name;
  }
  return written.format(local(at));
};
globalThis.companyDay = dayOf;

function words(at, shape) {
  if (shape === 'clock') return clock.format(local(at));
  if (shape === 'day') {
    const day = nameOfDay(at, date);
    return `${day === date.format(local(at)) ? day : day.toLowerCase()} ${clock.format(local(at))}`;
  }
  const ago = Date.now() - at;
  if (ago < MINUTE) return 'now';
  if (ago < 60 * MINUTE) return `${Math.floor(ago / MINUTE)} min`;
  return (dayOf(at) === dayOf(Date.now()) ? clock : date).format(local(at));
}

function tell(root) {
  for (const time of root.querySelectorAll('time[data-shape]')) {
    const at = new Date(time.dateTime);
    const said = words(at, time.dataset.shape);
    if (time.textContent === said) continue;
    time.textContent = said;
    time.title = exact.format(local(at));
  }
}

function settle() {
  const said = document.querySelector('[data-clock]')?.dataset.clock;
  if (!said || said === kept) return;
  kept = said;
  clocks = read(said);
  sessionStorage.setItem(KEPT, said);
  document.dispatchEvent(new Event('time-zone'));
}

// However something came onto the page, its times are in words before it is painted.
new MutationObserver(() => {
  settle();
  tell(document);
}).observe(document, {childList: true, subtree: true});
setInterval(() => tell(document), MINUTE / 4);
