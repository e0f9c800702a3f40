// Formats all times, in the company's time zone, wherever staff are. The session gives the offsets from UTC, since a
// browser's own time zone data may be old or missing. Until it has loaded, the offsets that this window had last are
// used.

const KEPT = 'clock';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE; // of UTC
const format = options => new Intl.DateTimeFormat(undefined, {timeZone: 'UTC', ...options});
const clock = format({hour: 'numeric', minute: '2-digit'});
const date = format({day: 'numeric', month: 'short'});
const fullDate = format({weekday: 'long', day: 'numeric', month: 'long'});
const exact = format({dateStyle: 'full', timeStyle: 'short'});

// "-480 30018840:-420": the offset in minutes, then each change as its minute since 1970 and the new offset. The result
// has the latest first.
const read = said => said?.split(' ').map(change => change.includes(':') ? change.split(':').map(Number) : [-Infinity, +change]).reverse();
let kept = sessionStorage.getItem(KEPT);
let clocks = read(kept);

// Returns a moment as the company's clocks show it, as a UTC date.
const local = moment => {
  const at = new Date(moment);
  const ahead = clocks ? clocks.find(([since]) => since * MINUTE <= at)[1] : -at.getTimezoneOffset();
  return new Date(+at + ahead * MINUTE);
};
// Returns the company's day of a moment, such as 2026-11-30.
const dayOf = at => local(at).toISOString().slice(0, 10);
// Returns a day plus a number of days, by the calendar: days have 23 to 25 hours.
const dayAfter = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

// Returns the name of a day: today, tomorrow, yesterday, or its date.
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

// Formats new times before they are painted, however they came onto the page.
new MutationObserver(() => {
  settle();
  tell(document);
}).observe(document, {childList: true, subtree: true});
setInterval(() => tell(document), MINUTE / 4);
