// The bell: whether this browser gets push notifications, and if not, why. The service worker (sw.js) handles the
// pushes.

const bell = document.getElementById('bell');

if (bell) {
  const WORDS = {off: 'off', on: 'on', denied: 'blocked', unsupported: 'not here', install: 'install', broken: 'broken', again: 'sign in'};
  // The id of this browser's push subscription, kept here in case the browser loses the subscription.
  const KEPT = 'push-subscription';
  const HOUR = 60 * 60_000;
  const panel = document.getElementById('bell-panel');
  const note = document.getElementById('bell-note');
  const test = document.getElementById('bell-test');
  const worker = navigator.serviceWorker;
  let looked = Date.now();

  class Refused extends Error {
    constructor(status, {error} = {}) {
      super(error?.message ?? 'Switchboard did not answer as it should.');
      Object.assign(this, {status, code: error?.code});
    }
  }

  async function ask(method, path, body) {
    const headers = {Accept: 'application/json', ...(body && {'Content-Type': 'application/json'})};
    const response = await askAsOwner(`/api/${path}`, {method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20_000)});
    const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response.status, answer);
    return {...answer, isNew: response.status === 201, at: response.headers.get('Date')};
  }

  function show(state, why = '') {
    panel.dataset.state = bell.dataset.state = state;
    bell.querySelector('.bell-word').textContent = WORDS[state];
    for (const part of panel.querySelectorAll('[data-bell]')) part.hidden = part.dataset.bell !== state;
    document.getElementById('bell-why').textContent = why;
    if (state !== 'on') {
      test.textContent = '';
      navigator.clearAppBadge?.().catch(() => {});
    }
    note.textContent = '';
    document.dispatchEvent(new CustomEvent('push-state', {detail: {state, id: localStorage.getItem(KEPT)}}));
  }

  const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const keyOf = ({options}) => options?.applicationServerKey ? base64url(options.applicationServerKey) : undefined;

  // Returns what this browser lacks for push notifications, or null.
  function lacks() {
    if (worker && 'PushManager' in window && 'Notification' in window) return null;
    // An iPad identifies itself as a Mac, but no Mac has a touch screen.
    const apple = /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
    return apple && !matchMedia('(display-mode: standalone)').matches ? 'install' : 'unsupported';
  }

  // Returns the reason of an error for the person.
  function reason(error) {
    if (error instanceof Refused) return error.message;
    if (error.name === 'AbortError') return 'This browser could not reach its own push service. A network or a browser setting may keep it from that.';
    if (error instanceof TypeError || error.name === 'TimeoutError') return 'There was no connection to Switchboard.';
    return `This browser could not do it: ${error.message}`;
  }

  async function began() {
    const late = new Promise((_, reject) => setTimeout(reject, 20_000, new Error('its part of Switchboard did not start.')));
    return Promise.race([worker.ready, late]);
  }

  // One page at a time: of several that subscribe at once, each would undo the previous one.
  const alone = work => navigator.locks.request('push-subscription', work);

  // Stores the subscription. The one that it replaces is deleted.
  const put = (subscription, turnedOn = false, replaces = localStorage.getItem(KEPT)) => ask('PUT', 'push-subscriptions', {
    ...subscription.toJSON(), key: keyOf(subscription), replaces, turnedOn,
  });

  // Refreshes the subscription at each load, since our key or the signed-in person may have changed.
  async function keep(registration, subscription) {
    const before = localStorage.getItem(KEPT);
    let kept;
    try {
      kept = await put(subscription);
    } catch (error) {
      // The person has removed this browser elsewhere, so it must not return without a click.
      if (error.code === 'removed') return DOES.off(error.message);
      if (error.code === 'sign-in-again') return show('again');
      if (error.code !== 'not-our-key') throw error;
      kept = await ask('GET', 'push-subscriptions');
    }
    const isForOurKey = kept.id && (!keyOf(subscription) || kept.key === keyOf(subscription));
    // The subscription was deleted meanwhile, maybe because its push service reported it as gone.
    const wasAway = kept.isNew && kept.id === before;
    if (isForOurKey && !wasAway) return stays(kept);
    if (kept.id) localStorage.setItem(KEPT, kept.id);
    await begin(registration, {key: kept.key});
  }

  // Subscribes again, after a click or in place of a lost subscription. No push arrives until the server has stored it,
  // so any failure is shown.
  async function begin(registration, {key, turnedOn} = {}) {
    try {
      key ??= (await ask('GET', 'push-subscriptions')).key;
      if (!key) return show('broken', 'They are not set up here yet. Ask whoever runs Switchboard for your company.');
      const before = await registration.pushManager.getSubscription();
      await before?.unsubscribe();
      const subscription = await registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: key});
      // Its endpoint is known to this browser only, so it proves that this is the same browser as before.
      stays(await put(subscription, turnedOn, before?.endpoint));
    } catch (error) {
      if (error.status === 401) throw error;
      if (error.code === 'removed') return DOES.off(error.message);
      if (error.code === 'sign-in-again') return show('again');
      if (error.name === 'NotAllowedError') show('denied');
      else show('broken', reason(error));
    }
  }

  // The subscription is stored, so pushes arrive, unless the last one was rejected for a lasting reason.
  function stays({id, unanswered, at, lastProblem}) {
    localStorage.setItem(KEPT, id);
    if (lastProblem?.lasts) return show('broken', lastProblem.what);
    show('on');
    waits({unanswered, at});
  }

  // The service worker sets the number on the app's icon, since it receives the pushes too.
  function waits(told) {
    if (navigator.setAppBadge && bell.dataset.state === 'on') worker.ready.then(({active}) => active.postMessage({kind: 'waits', ...told}));
  }

  document.addEventListener('frame', ({detail}) => /"(conversations|erased)"/.test(detail) && waits());

  // If this request fails, the push service reports at the next push that the subscription is gone.
  function forget() {
    const id = localStorage.getItem(KEPT);
    localStorage.removeItem(KEPT);
    if (id) ask('DELETE', `push-subscriptions/${id}`).catch(() => {});
  }

  async function look() {
    looked = Date.now();
    const registration = worker && await worker.register('/sw.js', {updateViaCache: 'none'});
    const lacking = lacks();
    if (lacking) return show(lacking);
    await alone(() => settle(registration));
  }

  async function settle(registration) {
    const subscription = await registration.pushManager.getSubscription();
    if (Notification.permission === 'granted') {
      if (subscription) return keep(registration, subscription);
      // The person has not turned it off: the browser or its push service has dropped it.
      if (localStorage.getItem(KEPT)) return begin(registration);
    }
    // A browser may keep a subscription that is no longer wanted.
    await subscription?.unsubscribe().catch(() => {});
    show(Notification.permission === 'denied' ? 'denied' : 'off');
    forget();
  }

  // An existing subscription works without this check. Only a rejection turns it off.
  function missed(error) {
    if (error instanceof Refused && error.status === 401) return;
    const asBefore = localStorage.getItem(KEPT) && !(error instanceof Refused && error.status < 500);
    if (!asBefore) show('broken', reason(error));
    else if (!bell.dataset.state) show('on');
  }

  const DOES = {
    async on() {
      // In the click itself, since browsers ask for permission at no other time.
      const permission = await Notification.requestPermission();
      if (permission === 'denied') return show('denied');
      if (permission !== 'granted') {
        note.textContent = 'The browser’s question was not answered, so nothing has changed.';
        return;
      }
      const registration = await began();
      await alone(() => begin(registration, {turnedOn: true}));
    },

    async off(why = '') {
      const registration = await worker.getRegistration();
      await (await registration?.pushManager.getSubscription())?.unsubscribe();
      forget();
      show('off');
      note.textContent = why;
    },

    async test() {
      await sendTest(localStorage.getItem(KEPT), words => { test.textContent = words; });
    },
  };

  // --- A test: from a button through Switchboard and the push service to the service worker, and back here.

  const PATIENCE = 20_000;
  const shown = new Map();
  const waiting = new Map();

  async function sendTest(id, say) {
    say('Sending…');
    const asked = Date.now();
    try {
      const {test} = await ask('POST', `push-subscriptions/${id}/test`);
      if (id !== localStorage.getItem(KEPT)) return say('Sent. It shows in that browser.');
      waiting.set(test, {asked, say});
      report(test);
      setTimeout(giveUp, PATIENCE, test, id);
    } catch (error) {
      if (error.status === 404 && id === localStorage.getItem(KEPT)) await isGone(say);
      else say(`No test was sent. ${reason(error)}`);
    }
  }

  // The push service no longer knows this browser, or the person has removed it elsewhere.
  async function isGone(say) {
    await look().catch(missed);
    if (bell.dataset.state !== 'on') return say('It did not come: the bell says why.');
    say('It did not come: this browser was no longer known to its notification service. It is connected anew, so send another test.');
  }

  function report(test) {
    const [at, asked] = [shown.get(test), waiting.get(test)];
    if (!at || !asked) return;
    const clock = new Date(at).toLocaleTimeString(undefined, {timeStyle: 'medium'});
    const took = Math.max(0, at - asked.asked) / 1000;
    asked.say(`Shown at ${clock}, ${took.toLocaleString(undefined, {maximumFractionDigits: 1})} s after you asked. If you saw nothing, your computer or phone keeps quiet: see Help.`);
    waiting.delete(test);
  }

  async function giveUp(test, id) {
    const {browsers} = await ask('GET', 'push-subscriptions').catch(() => ({}));
    const asked = waiting.get(test);
    if (!asked) return;
    const browser = browsers?.find(browser => browser.id === id);
    if (browsers && !browser) return isGone(asked.say);
    const problem = browser?.lastProblem;
    asked.say(problem && !problem.over ? `It has not come. ${problem.what}` : 'It has not come yet. It may still: if so, that is said here.');
  }

  worker?.addEventListener('message', ({data, ports: [port]}) => {
    if (data.kind === 'shown') {
      shown.set(data.id, data.at);
      report(data.id);
    } else if (data.kind === 'renewed') look().catch(missed);
    else if (data.kind === 'which') port.postMessage(document.getElementById('messages')?.dataset.conversation);
  });

  // --- A conversation that is open and in front needs no notification.

  async function clear() {
    const conversation = document.getElementById('messages')?.dataset.conversation;
    if (!conversation || document.hidden || !document.hasFocus()) return;
    const registration = await worker?.getRegistration();
    for (const notification of await registration?.getNotifications({tag: conversation}) ?? []) notification.close();
  }

  addEventListener('focus', clear);
  document.addEventListener('conversation', clear);

  // While an action runs, no other check may change the state.
  let busy = false;

  panel.addEventListener('click', async ({target}) => {
    const button = target.closest('[data-does]');
    if (!button) return;
    const all = panel.querySelectorAll('[data-does]');
    for (const each of all) each.disabled = true;
    busy = true;
    try {
      await DOES[button.dataset.does]();
    } catch (error) {
      show('broken', reason(error));
    }
    busy = false;
    for (const each of all) each.disabled = false;
    // The pressed button may be hidden now, so its replacement gets the focus.
    if (!button.checkVisibility()) panel.querySelector('div:not([hidden]) button, div:not([hidden]) a')?.focus();
  });

  // After the sign-in, this page stores the subscription.
  document.getElementById('bell-again').href = `/api/sign-in?${new URLSearchParams({back: location.pathname + location.search})}`;

  // For a browser without popovers.
  if (!('popover' in panel)) bell.addEventListener('click', () => panel.toggleAttribute('data-open'));

  // The person may change the permission in the browser's settings, and a page may stay open for days.
  navigator.permissions?.query({name: 'notifications'}).then(permission => {
    permission.onchange = () => busy || look().catch(missed);
  }, () => {});
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    waits();
    if (Date.now() - looked > HOUR) look().catch(missed);
  });

  document.addEventListener('push-removed', () => DOES.off());
  document.addEventListener('push-test', ({detail: {id, say}}) => sendTest(id, say));

  look().then(clear).catch(missed);
}
