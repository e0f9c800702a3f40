// Times in words, where the company is: its appointments are there, wherever staff look at them
// from. The one place that does so. Until the session has said where that is, it is where this window
// last knew it to be.

const KEPT = 'time-zone';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE; // of UTC
const formats = zone => {
  const format = options => new Intl.DateTimeFormat(undefined, {timeZone: zone, ...options});
  return {
    zone,
    clock: format({hour: 'numeric', minute: '2-digit'}),
    date: format({day: 'numeric', month: 'short'}),
    fullDate: format({weekday: 'long', day: 'numeric', month: 'long'}),
    exact: format({dateStyle: 'full', timeStyle: 'short'}),
    // 2026-11-30, by which days are told apart.
    day: new Intl.DateTimeFormat('en-CA', {timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit'}),
  };
};
let here = formats(sessionStorage.getItem(KEPT) ?? undefined);

const dayOf = at => here.day.format(at);
// The day so many days after another, by the calendar: days there have 23 to 25 hours.
const dayAfter = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

// What a day is called: today, tomorrow, yesterday, or by its date.
globalThis.nameOfDay = (at, date = here.fullDate) => {
  const today = dayOf(Date.now());
  for (const [name, days] of [['Today', 0], ['Yesterday', -1], ['Tomorrow', 1]]) {
    if (dayOf(at) === dayAfter(today, days)) return name;
  }
  return date.format(at);
};
globalThis.companyDay = dayOf;

function words(at, shape) {
  if (shape === 'clock') return here.clock.format(at);
  if (shape === 'day') {
    const day = nameOfDay(at, here.date);
    return `${day === here.date.format(at) ? day : day.toLowerCase()} ${here.clock.format(at)}`;
  }
  const ago = Date.now() - at;
  if (ago < MINUTE) return 'now';
  if (ago < 60 * MINUTE) return `${Math.floor(ago / MINUTE)} min`;
  return dayOf(at) === dayOf(Date.now()) ? here.clock.format(at) : here.date.format(at);
}

function tell(root) {
  for (const time of root.querySelectorAll('time[data-shape]')) {
    const at = new Date(time.dateTime);
    const said = words(at, time.dataset.shape);
    if (time.textContent === said) continue;
    time.textContent = said;
    time.title = here.exact.format(at);
  }
}

function settle() {
  const zone = document.querySelector('[data-time-zone]')?.dataset.timeZone;
  if (!zone || zone === here.zone) return;
  here = formats(zone);
  sessionStorage.setItem(KEPT, zone);
  document.dispatchEvent(new Event('time-zone'));
}

// However something came onto the page, its times are in words before it is painted.
new MutationObserver(() => {
  settle();
  tell(document);
}).observe(document, {childList: true, subtree: true});
setInterval(() => tell(document), MINUTE / 4);
