// The service worker: shows push notifications, handles clicks on them, and has a page for when there is no connection.
// The build adds the constants VERSION, OFFLINE, KEPT, ICON and BADGE. It caches no page that shows a customer.

const CACHE = `offline-${VERSION}`;
const DAY = 24 * 60 * 60_000;

// --- A new version takes over at once. Pages are revalidated each time, so none depends on an old version.

addEventListener('install', event => {
  skipWaiting();
  const fresh = KEPT.map(address => new Request(address, {cache: 'reload'}));
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(fresh)));
});

addEventListener('activate', event => event.waitUntil(takeOver()));

async function takeOver() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await clients.claim();
}

// --- Offline. Navigation preload stays off: requests that are not handled here, such as the sign-in callback, would be
// sent twice, and a code is valid only once.

addEventListener('fetch', event => {
  const {request} = event;
  const {origin, pathname} = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (pathname === '/' || pathname.endsWith('.html')) event.respondWith(page(request));
  } else if (KEPT.includes(pathname)) {
    event.respondWith(caches.match(pathname).then(kept => kept ?? fetch(request)));
  }
});

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return await caches.match(OFFLINE) ?? Response.error();
  }
}

// --- Pushes are handled one after another, so that two of the same customer see each other's notification.

let line = Promise.resolve();

addEventListener('push', event => {
  const shown = line.then(() => take(read(event.data)));
  line = shown.catch(() => {});
  event.waitUntil(shown);
});

function read(data) {
  try {
    return data.json();
  } catch {
    // Browsers require a notification for each push.
    return {id: '', kind: 'unknown', conversation: null, title: 'Switchboard', body: 'Something is new.', at: new Date().toISOString()};
  }
}

// Safari and other WebKit browsers cancel a subscription after a few pushes without a notification. Only the user agent
// tells them apart, and Chromium's contains AppleWebKit too.
const NEEDS_ALL_SHOWN = /AppleWebKit\//.test(navigator.userAgent) && !/Chrome\//.test(navigator.userAgent);

async function take(push) {
  const tag = push.conversation ?? push.kind;
  const [there] = await registration.getNotifications({tag});
  const isRepeat = push.id && (there?.data?.id === push.id || await isKnown(push.id));
  if (!isRepeat) await badge(push);
  if (!isRepeat && (push.kind === 'test' || !await isInFront(push.conversation))) await show(push, tag, there);
  else if (NEEDS_ALL_SHOWN) await pass(push, tag, isRepeat && there);
  if (isRepeat) return;
  if (push.id) await know(push.id);
  if (push.kind !== 'test') return;
  const message = {kind: 'shown', id: push.id, at: Date.now()};
  for (const client of await windows()) client.postMessage(message);
}

async function show({id, kind, conversation, title, body, at}, tag, there) {
  // This push is older than the notification that is shown, so the newer text stays.
  if (Date.parse(there?.data?.at) > Date.parse(at)) return stay(there, tag);
  const data = {id, kind, conversation, at};
  await registration.showNotification(title, {...looks(data), body, tag, data, renotify: true});
}

// Shows an existing notification again, without a sound.
async function stay({title, body, data}, tag) {
  await registration.showNotification(title, {...looks(data), body, tag, data, silent: true});
}

// Shows a notification that the person need not see: without a sound, and closed at once.
async function pass({title, body, at}, tag, there) {
  if (there) return stay(there, tag);
  await registration.showNotification(title, {...looks({at}), body, tag, silent: true});
  for (const notification of await registration.getNotifications({tag})) notification.close();
}

function looks({at}) {
  return {icon: ICON, badge: BADGE, timestamp: Date.parse(at) || Date.now()};
}

// --- The number on the app's icon: how many customers wait for an answer, as of the newest report. Pushes contain it.
// Open pages report it too, or that it may have changed.

addEventListener('message', event => {
  const {kind, ...told} = event.data;
  if (kind === 'waits') event.waitUntil('unanswered' in told ? badge(told) : (counting ??= count()));
});

let counting = null;

// Requests the number once for all pages and reports that arrive together.
async function count() {
  await new Promise(resolve => setTimeout(resolve, 2000));
  counting = null;
  const answer = await fetch('/api/push-subscriptions', {headers: {Accept: 'application/json'}}).catch(() => null);
  if (!answer?.ok) return;
  const {unanswered} = await answer.json();
  // Push notifications may have been turned off meanwhile.
  if (await registration.pushManager.getSubscription()) await badge({unanswered, at: answer.headers.get('Date')});
}

async function badge({unanswered, at}) {
  if (!Number.isInteger(unanswered) || !await isNewest(Date.parse(at))) return;
  try {
    if (unanswered) await navigator.setAppBadge?.(unanswered);
    else await navigator.clearAppBadge?.();
  } catch {
    // A browser may have the functions but no place to show a number.
  }
}

// --- Windows of the portal. A help page is never led away from, since it is read beside the work.

async function windows() {
  const all = await clients.matchAll({type: 'window', includeUncontrolled: true});
  return all.filter(client => /^\/((?!help-)[^/]+\.html)?$/.test(new URL(client.url).pathname));
}

function addressOf(conversation) {
  return `/conversation.html?${new URLSearchParams({c: conversation})}`;
}

// Returns whether a window shows a conversation: by its address, or by asking a page of an appointment, which shows one
// too.
async function shows(client, conversation) {
  const {pathname, searchParams} = new URL(client.url);
  if (pathname === '/conversation.html') return searchParams.get('c') === conversation;
  if (pathname !== '/appointment.html') return false;
  const {port1, port2} = new MessageChannel();
  return new Promise(resolve => {
    port1.onmessage = ({data}) => resolve(data === conversation);
    setTimeout(resolve, 500, false);
    client.postMessage({kind: 'which'}, [port2]);
  });
}

async function isInFront(conversation) {
  if (!conversation) return false;
  for (const client of await windows()) {
    if (client.focused && client.visibilityState === 'visible' && await shows(client, conversation)) return true;
  }
  return false;
}

addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? {}));
});

async function open({kind, conversation}) {
  const is = kind === 'browser-added' ? '/notification-settings.html' : '/';
  const address = conversation ? addressOf(conversation) : is;
  const all = await windows();
  // In parallel, since a browser allows about a second to handle a click.
  const shown = await Promise.all(all.map(client => conversation ? shows(client, conversation) : is === '/'));
  for (const client of all.filter((_, at) => shown[at])) if (await comes(client)) return;
  for (const client of all) {
    // A window that was loaded without this worker, for instance by a forced reload, cannot be navigated.
    if (await isControlled(client) && await comes(client) && await goes(client, address)) return;
  }
  await clients.openWindow(address);
}

// Checks first that the window still exists: some browsers allow one focus per click, even if it fails.
async function comes(client) {
  try {
    return Boolean(await clients.get(client.id) && await client.focus());
  } catch {
    return false;
  }
}

async function goes(client, address) {
  try {
    return Boolean(await client.navigate(address));
  } catch {
    return false;
  }
}

async function isControlled({id}) {
  return (await clients.matchAll({type: 'window'})).some(client => client.id === id);
}

// --- The browser has a new subscription, or none. It is stored as a page would do it.

addEventListener('pushsubscriptionchange', event => event.waitUntil(renew(event)));

async function renew({oldSubscription, newSubscription}) {
  const headers = {Accept: 'application/json', 'Content-Type': 'application/json'};
  const known = await fetch('/api/push-subscriptions', {headers});
  // Nobody is signed in. The next page that is opened checks again.
  if (!known.ok) return;
  const {key} = await known.json();
  let subscription = newSubscription ?? await registration.pushManager.getSubscription();
  // A browser that was never turned on stays off.
  if (!subscription && !oldSubscription) return;
  subscription ??= await registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: key});
  const made = subscription.options.applicationServerKey;
  const body = JSON.stringify({...subscription.toJSON(), key: made ? base64url(made) : key, replaces: oldSubscription?.endpoint});
  await fetch('/api/push-subscriptions', {method: 'PUT', headers, body});
  for (const client of await windows()) client.postMessage({kind: 'renewed'});
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+/=]/g, sign => ({'+': '-', '/': '_', '=': ''})[sign]);
}

// --- The ids of handled pushes. A push service may deliver the same push twice, hours apart.

async function isKnown(id) {
  return within('readonly', ids => ids.get(id));
}

async function know(id) {
  const now = Date.now();
  await within('readwrite', ids => {
    // Push services keep no push for longer than a day.
    ids.index('at').openKeyCursor(IDBKeyRange.upperBound(now - 2 * DAY)).onsuccess = ({target: {result}}) => {
      if (!result) return;
      ids.delete(result.primaryKey);
      result.continue();
    };
    return ids.put({at: now}, id);
  });
}

// Returns whether no newer number was reported. The time is stored beside the ids, since a worker may be stopped in
// between.
async function isNewest(asOf) {
  const before = await within('readwrite', ids => {
    const known = ids.get('waits');
    known.onsuccess = () => known.result?.asOf > asOf || ids.put({asOf}, 'waits');
    return known;
  });
  return !(before?.asOf > asOf);
}

function within(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('pushes', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('ids').createIndex('at', 'at');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction('ids', mode);
      const asked = work(transaction.objectStore('ids'));
      transaction.oncomplete = () => {
        database.close();
        resolve(asked.result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  }).catch(() => undefined);
}
