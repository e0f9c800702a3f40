// Form drafts: input that is neither sent nor saved. The server stores them for the person, on any device. This window
// keeps only what the server does not have yet. If a person writes the same draft in two places, the last save wins.

const PAUSE = 1000;
const HERE = 'draft:';
// The value of a draft that must be deleted.
const DELETED = 'null';
// The drafts that the server may have, those being sent, and for each the queue and the timer of its requests.
const there = new Set();
const sending = new Map();
const turns = new Map();
const timers = new Map();

const here = name => sessionStorage.getItem(HERE + name);
const names = () => Object.keys(sessionStorage).filter(key => key.startsWith(HERE)).map(key => key.slice(HERE.length));
const address = name => `/api/drafts/${encodeURIComponent(name)}`;

async function send(name, isLeaving) {
  const draft = here(name);
  if (draft === null || draft === sending.get(name) && !isLeaving) return;
  there.add(name);
  sending.set(name, draft);
  const asks = draft === DELETED ? {method: 'DELETE'} : {method: 'PUT', body: draft, headers: {'Content-Type': 'application/json'}};
  // When the page is left, an abortable request may be aborted.
  const lasts = isLeaving ? {keepalive: true} : {signal: AbortSignal.timeout(5000)};
  const answer = await askAsOwner(address(name), {...asks, ...lasts}).catch(() => null);
  sending.delete(name);
  if (!answer?.ok) return;
  if (draft === DELETED) there.delete(name);
  if (here(name) === draft) sessionStorage.removeItem(HERE + name);
}

// Sends one after another, so that the last version arrives last.
function save(name) {
  clearTimeout(timers.get(name));
  turns.set(name, Promise.resolve(turns.get(name)).then(() => send(name)));
  return turns.get(name);
}

globalThis.saveDrafts = () => hasOwner() && Promise.all(names().map(save));
globalThis.hasUnsavedDrafts = () => names().some(name => here(name) !== DELETED);

for (const event of ['owner', 'catch-up']) document.addEventListener(event, saveDrafts);
addEventListener('online', saveDrafts);
document.addEventListener('visibilitychange', () => document.hidden && saveDrafts());
// This does not wait for requests that are running. A browser may drop it; the next page in this window then saves the
// draft.
addEventListener('pagehide', () => hasOwner() && names().forEach(name => send(name, true)));

// Opens a draft by name. Without a name, nothing is kept. `value` has the `fields` by name, and what else the form
// keeps.
globalThis.openDraft = name => ({
  value: null,
  isTouched: false,
  keep(value) {
    Object.assign(this, {value, isTouched: true});
    if (!name || !hasOwner()) return;
    sessionStorage.setItem(HERE + name, JSON.stringify(value));
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(save, PAUSE, name));
  },
  forget() {
    Object.assign(this, {value: null, isTouched: true});
    if (!name || !hasOwner()) return;
    sessionStorage.removeItem(HERE + name);
    if (there.has(name)) sessionStorage.setItem(HERE + name, DELETED);
    save(name);
  },
  // Loads the stored draft and shows it, unless the person has written something by then. Their input stays. It keeps
  // the idempotency key if it is the same message or booking.
  async load(show) {
    let found = JSON.parse(here(name));
    if (name && here(name) === null) {
      const answer = await askAsOwner(address(name)).catch(() => null);
      const said = await answer?.text();
      found = answer?.ok ? JSON.parse(said) : null;
      if (found) there.add(name);
    }
    if (this.isTouched) return this.value && this.keep({...found, ...this.value});
    this.value = found;
    if (found) show(found);
  },
});

globalThis.fillIn = (form, fields) => {
  for (const [name, value] of Object.entries(fields)) {
    const control = form.elements.namedItem(name);
    // A draft may be older than the form.
    if (control) control.value = value;
  }
};
