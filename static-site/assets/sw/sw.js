// The service worker: shows what is pushed, opens what is clicked, and has a page for when there is no
// connection. Above it stand VERSION, OFFLINE, KEPT, ICON and BADGE. It keeps no page that shows a customer.

const CACHE = `offline-${VERSION}`;
const DAY = 24 * 60 * 60_000;

// --- A new version takes over at once: pages are asked for anew each time, so none depends on an old one.

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

// --- Without a connection. Navigation preload stays off: what is not answered here, such as the way back from
// signing in, would go to the portal twice, and a code is good for once.

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

// --- Pushes, one after the other, so that two of one customer find each other.

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
    // A browser wants something to be shown for each push.
    return {id: '', kind: 'unknown', conversation: null, title: 'Switchboard', body: 'Something is new.', at: new Date().toISOString()};
  }
}

// Safari and what else is WebKit inside, which takes a subscription away after a few pushes that show nothing. Nothing
// in a worker tells it from others but what it says of itself, and Chromium says that it is AppleWebKit too.
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
  // What came later under an earlier time: the newest text stays.
  if (Date.parse(there?.data?.at) > Date.parse(at)) return stay(there, tag);
  const data = {id, kind, conversation, at};
  await registration.showNotification(title, {...looks(data), body, tag, data, renotify: true});
}

// What is there stays, and makes no noise a second time.
async function stay({title, body, data}, tag) {
  await registration.showNotification(title, {...looks(data), body, tag, data, silent: true});
}

// Shows what nobody is to see: without a sound, and no longer than it takes to put it away.
async function pass({title, body, at}, tag, there) {
  if (there) return stay(there, tag);
  await registration.showNotification(title, {...looks({at}), body, tag, silent: true});
  for (const notification of await registration.getNotifications({tag})) notification.close();
}

function looks({at}) {
  return {icon: ICON, badge: BADGE, timestamp: Date.parse(at) || Date.now()};
}

// --- The number on the app's icon: how many customers wait, as of the newest word of it. Pushes say so, and pages
// while there are any: with the number that they were told, or that it may be another one by now.

addEventListener('message', event => {
  const {kind, ...told} = event.data;
  if (kind === 'waits') event.waitUntil('unanswered' in told ? badge(told) : (counting ??= count()));
});

let counting = null;

// Once for all pages, and for all that comes together.
async function count() {
  await new Promise(resolve => setTimeout(resolve, 2000));
  counting = null;
  const answer = await fetch('/api/push-subscriptions', {headers: {Accept: 'application/json'}}).catch(() => null);
  if (!answer?.ok) return;
  const {unanswered} = await answer.json();
  // Where it was turned off meanwhile there is none.
  if (await registration.pushManager.getSubscription()) await badge({unanswered, at: answer.headers.get('Date')});
}

async function badge({unanswered, at}) {
  if (!Number.isInteger(unanswered) || !await isNewest(Date.parse(at))) return;
  try {
    if (unanswered) await navigator.setAppBadge?.(unanswered);
    else await navigator.clearAppBadge?.();
  } catch {
    // A browser may have the words and no place to show a number.
  }
}

// --- Windows of the portal. Help is read beside what is done: it is not led away from.

async function windows() {
  const all = await clients.matchAll({type: 'window', includeUncontrolled: true});
  return all.filter(client => /^\/((?!help-)[^/]+\.html)?$/.test(new URL(client.url).pathname));
}

function addressOf(conversation) {
  return `/conversation.html?${new URLSearchParams({c: conversation})}`;
}

// Whether a window shows that conversation: by its address, or by its word, since appointments have one beside them.
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
  // All at once: a browser waits about a second for what a click is to do.
  const shown = await Promise.all(all.map(client => conversation ? shows(client, conversation) : is === '/'));
  for (const client of all.filter((_, at) => shown[at])) if (await comes(client)) return;
  for (const client of all) {
    // Not one that was loaded past this worker, by a forced reload for instance: a browser refuses to lead it.
    if (await isControlled(client) && await comes(client) && await goes(client, address)) return;
  }
  await clients.openWindow(address);
}

// Asks first whether it is still there: some browsers let a click bring one window to the front, also if that fails.
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

// --- The browser has a new subscription, or none any more: it is told of as a page would.

addEventListener('pushsubscriptionchange', event => event.waitUntil(renew(event)));

async function renew({oldSubscription, newSubscription}) {
  const headers = {Accept: 'application/json', 'Content-Type': 'application/json'};
  const known = await fetch('/api/push-subscriptions', {headers});
  // Nobody is signed in: the next page that somebody opens looks again.
  if (!known.ok) return;
  const {key} = await known.json();
  let subscription = newSubscription ?? await registration.pushManager.getSubscription();
  // A browser that nobody turned on stays so.
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

// --- What was shown, by its id: a push service may bring the same twice, hours apart.

async function isKnown(id) {
  return within('readonly', ids => ids.get(id));
}

async function know(id) {
  const now = Date.now();
  await within('readwrite', ids => {
    // None is kept by a push service for longer than a day.
    ids.index('at').openKeyCursor(IDBKeyRange.upperBound(now - 2 * DAY)).onsuccess = ({target: {result}}) => {
      if (!result) return;
      ids.delete(result.primaryKey);
      result.continue();
    };
    return ids.put({at: now}, id);
  });
}

// Whether nothing newer was said yet of how many wait. It is kept beside the ids, as a worker may sleep meanwhile.
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
