// What is written in a form and neither sent nor saved. The server keeps it for its person, on whatever device they go on;
// this window holds only what the server does not have yet. Where a person writes the same draft in two places, what is
// saved last counts.

const PAUSE = 1000;
const HERE = 'draft:';
// What stands here for one that is to be deleted.
const DELETED = 'null';
// Those that the server may have, what is on its way there, and when it is to be.
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
  // What could be aborted may be when the page is left.
  const lasts = isLeaving ? {keepalive: true} : {signal: AbortSignal.timeout(5000)};
  const answer = await askAsOwner(address(name), {...asks, ...lasts}).catch(() => null);
  sending.delete(name);
  if (!answer?.ok) return;
  if (draft === DELETED) there.delete(name);
  if (here(name) === draft) sessionStorage.removeItem(HERE + name);
}

// One after another, so that what was written last arrives last.
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
// There is no waiting for what is on its way. A browser may drop this, and then the window's next page saves it.
addEventListener('pagehide', () => hasOwner() && names().forEach(name => send(name, true)));

// A draft by its name; without one, nothing is kept. `value` has the `fields` by name, and what else its form keeps.
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
  // Reads what was written before, and shows it unless something is written until it is here: that stays, and is the same
  // message or booking as before if it is the same.
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
