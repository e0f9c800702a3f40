import {chromium} from '@playwright/test';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {appointmentPath} from '../lib/pages.mjs';
import {Staff} from '../lib/staff.mjs';
import {expect, test as base, MARIA} from '../lib/test.mjs';
import {Worker, textOf} from '../lib/worker.mjs';

const ONCE = {tag: '@any-width'};

// A window with the permission for notifications.
const ALLOWED = {permissions: ['notifications']};

const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15';

const test = base.extend({
  /**
   * Dana in a Chromium with Safari's user agent. It is set at the start, because a window's setting does not apply to
   * service workers.
   */
  safari: async ({stack}, use) => {
    const {launchOptions} = base.info().project.use;
    const browser = await chromium.launch({...launchOptions, args: [...launchOptions.args, `--user-agent=${SAFARI}`]});
    const dana = new Staff(await browser.newPage({...ALLOWED, baseURL: stack.address}));
    await dana.signsInAs('Dana Whitfield');
    await use(dana);
    await browser.close();
  },
});

const bodies = async worker => (await worker.shows()).map(({body}) => body).sort();

test('a push shows who wrote and what', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.isPushed(textOf('c1', 'Running 10 min late, ok?'));
  await expect.poll(() => worker.shows()).toEqual([{title: 'Maria Lopez', body: 'Running 10 min late, ok?', tag: 'c1'}]);
});

test('several of one customer are one notification with the newest text, beside other customers\'', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await Promise.all(['Hello', 'Are you there?', 'It is about Friday'].map(text => worker.isPushed(textOf('c1', text))));
  await worker.isPushed(textOf('c2', 'Is it open today?', {title: 'Sam Okafor'}));
  await expect.poll(() => bodies(worker)).toEqual(['Is it open today?', 'It is about Friday']);
});

test('a push that comes late under an earlier time does not replace what is newer', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  const earlier = textOf('c1', 'first');
  await worker.isPushed(textOf('c1', 'second'));
  await worker.isPushed(earlier);
  await worker.isPushed(textOf('c2', 'the end'));
  await expect.poll(() => bodies(worker)).toEqual(['second', 'the end']);
});

test('a repeat never shows twice: not after it was put away, nor after the worker has slept', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  const push = textOf('c1', 'Hello');
  await worker.isPushed(push);
  await expect.poll(() => bodies(worker)).toEqual(['Hello']);
  await worker.putsAllAway();
  await worker.isPushed(push);
  await worker.isPushed(textOf('c2', 'between'));
  await expect.poll(() => bodies(worker)).toEqual(['between']);
  await worker.sleeps();
  await worker.isPushed(push);
  await worker.isPushed(textOf('c3', 'the end'));
  await expect.poll(() => bodies(worker)).toEqual(['between', 'the end']);
});

test('a push that cannot be read, or of a kind that is not known yet, is told of all the same', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.isPushed('not JSON');
  await expect.poll(() => bodies(worker)).toEqual(['Something is new.']);
  await worker.isPushed(textOf('c1', 'Declined the appointment', {kind: 'call'}));
  await worker.isPushed(textOf('c2', 'Sent a picture', {kind: 'picture'}));
  await worker.isPushed(textOf(null, 'Three customers wait', {kind: 'reminder'}));
  await expect.poll(() => bodies(worker)).toEqual(['Declined the appointment', 'Sent a picture', 'Something is new.', 'Three customers wait']);
});

test.describe('with the conversation open', () => {
  test.use({demo: true});

  test('Safari is shown every push, also what nobody is to see: without a sound, and put away at once', ONCE, async ({safari}) => {
    const {page} = safari;
    await safari.opensConversationWith('Maria');
    const maria = new URL(page.url()).searchParams.get('c');
    const worker = await Worker.of(page);
    await worker.notesNotifications();
    const push = textOf('another', 'of another');
    await worker.isPushed(textOf(maria, 'in front'));
    await worker.isPushed(push);
    await expect.poll(() => bodies(worker)).toEqual(['of another']);
    const newer = textOf('another', 'and more');
    await worker.isPushed(newer);
    await worker.isPushed(push);
    await worker.isPushed(newer);
    await worker.isPushed(textOf('c2', 'the end'));
    await expect.poll(() => bodies(worker), 'what is there stays').toEqual(['and more', 'the end']);
    await worker.putsAllAway();
    await worker.isPushed(push);
    await worker.isPushed(textOf('c3', 'after that'));
    await expect.poll(() => bodies(worker), 'a repeat does not come back').toEqual(['after that']);
    expect(await worker.notifications()).toEqual([
      ['in front', maria, 'silent'], ['of another', 'another', 'heard'], ['and more', 'another', 'heard'],
      ['and more', 'another', 'silent'], ['and more', 'another', 'silent'], ['the end', 'c2', 'heard'],
      ['of another', 'another', 'silent'], ['after that', 'c3', 'heard'],
    ]);
  });

  test('it is quiet there while that very conversation is in front, and only then', ONCE, async ({stack, signIn}) => {
    const dana = await signIn('Dana Whitfield', ALLOWED);
    const {page} = dana;
    await dana.opensConversationWith('Maria');
    const maria = new URL(page.url()).searchParams.get('c');
    const worker = await Worker.of(page);
    await worker.isPushed(textOf(maria, 'in front'));
    await worker.isPushed(textOf('another', 'of another'));
    await expect.poll(() => bodies(worker)).toEqual(['of another']);
    await worker.windowsAreFocused(false);
    await worker.isPushed(textOf(maria, 'while away'));
    await expect.poll(() => bodies(worker)).toEqual(['of another', 'while away']);
    // Focusing the window closes the notifications about its conversation.
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await expect.poll(() => bodies(worker)).toEqual(['of another']);
  });

  test('so it is beside an appointment of that customer', ONCE, async ({signIn}) => {
    const {page} = await signIn('Dana Whitfield', ALLOWED);
    await page.goto(await appointmentPath(page));
    await page.locator('#messages .message').first().waitFor();
    const maria = await page.locator('#messages').getAttribute('data-conversation');
    const worker = await Worker.of(page);
    await worker.isPushed(textOf(maria, 'in front'));
    await worker.isPushed(textOf('another', 'of another'));
    await expect.poll(() => bodies(worker)).toEqual(['of another']);
  });

  // Chromium lets only a person's click focus or open a window, and none of its tools simulates one. Both calls are
  // recorded here. firefox.test.mjs clicks.
  test('a click goes to the window that has the conversation', ONCE, async ({signIn}) => {
    const dana = await signIn('Dana Whitfield', ALLOWED);
    await dana.opensConversationWith('Maria');
    const maria = new URL(dana.page.url());
    const other = await dana.page.context().newPage();
    await other.goto('/messages.html');
    const worker = await Worker.of(other);
    await worker.notesWindows();
    await worker.isPushed(textOf('c1', 'Hello'));
    await expect.poll(() => bodies(worker)).toEqual(['Hello']);
    await worker.windowsAreFocused(false);
    await worker.isPushed(textOf(maria.searchParams.get('c'), 'Look'));
    await expect.poll(() => bodies(worker)).toEqual(['Hello', 'Look']);
    await worker.isClicked('Look');
    await expect.poll(() => worker.noted('focus', 'open')).toEqual([['focus', maria.pathname + maria.search]]);
    expect(new URL(other.url()).pathname).toBe('/messages.html');
    expect(await bodies(worker), 'what was clicked is put away').toEqual(['Hello']);
  });
});

test('a click leads a window of the portal there, or opens one; a page of help is left alone', ONCE, async ({stack, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  const dana = await signIn('Dana Whitfield', ALLOWED);
  await dana.opensConversationWith('Hello');
  const address = new URL(dana.page.url());
  const conversation = address.searchParams.get('c');
  await dana.page.goto('/help-push.html');
  const worker = await Worker.of(dana.page);
  await worker.notesWindows();
  await worker.isPushed(textOf(conversation, 'first'));
  await expect.poll(() => bodies(worker)).toEqual(['first']);
  await worker.isClicked('first');
  await expect.poll(() => worker.noted('focus', 'open')).toEqual([['open', address.pathname + address.search]]);
  const other = await dana.page.context().newPage();
  await other.goto('/appointments.html');
  await worker.isPushed(textOf(conversation, 'second'));
  await expect.poll(() => bodies(worker)).toEqual(['second']);
  await worker.isClicked('second');
  await expect(other).toHaveURL(address.href);
  expect(new URL(dana.page.url()).pathname).toBe('/help-push.html');
});

test('a click leads no window that the worker has no hold of: another, or a new one', ONCE, async ({signIn}) => {
  const dana = await signIn('Dana Whitfield', ALLOWED);
  await dana.page.goto('/messages.html');
  const worker = await Worker.of(dana.page);
  await worker.notesWindows();
  // Like a reload with Shift: the page then has no service worker.
  const loaded = dana.page.waitForEvent('load');
  await worker.tools.send('Page.reload', {ignoreCache: true});
  await loaded;
  expect(await dana.page.evaluate(() => navigator.serviceWorker.controller)).toBe(null);
  await worker.isPushed(textOf('c1', 'first'));
  await expect.poll(() => bodies(worker)).toEqual(['first']);
  await worker.isClicked('first');
  await expect.poll(() => worker.noted('focus', 'open')).toEqual([['open', '/conversation.html?c=c1']]);
  const other = await dana.page.context().newPage();
  await other.goto('/appointments.html');
  // It becomes the window that was last in front.
  await dana.page.bringToFront();
  await worker.isPushed(textOf('c1', 'second'));
  await expect.poll(() => bodies(worker)).toEqual(['second']);
  await worker.isClicked('second');
  await expect.poll(() => new URL(other.url()).pathname).toBe('/conversation.html');
  expect(new URL(dana.page.url()).pathname).toBe('/messages.html');
});

test('a window that is closed as somebody clicks does not use the click up', ONCE, async ({stack, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  const dana = await signIn('Dana Whitfield', ALLOWED);
  const help = await dana.page.context().newPage();
  await help.goto('/help-push.html');
  const worker = await Worker.of(help);
  await worker.notesWindows();
  await dana.opensConversationWith('Hello');
  const address = new URL(dana.page.url());
  const conversation = address.searchParams.get('c');
  await worker.isPushed(textOf('c1', 'first'));
  await worker.windowsAreFocused(false);
  await worker.isPushed(textOf(conversation, 'Look'));
  await expect.poll(() => bodies(worker)).toEqual(['Look', 'first']);
  await worker.isClickedWhile('Look', () => dana.page.close());
  await expect.poll(() => worker.noted('focus', 'open')).toEqual([['open', address.pathname + address.search]]);
});

test('where no window comes to the front, a new one opens', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.notesWindows();
  await worker.focusesNothing();
  await worker.isPushed(textOf(null, 'Three customers wait', {kind: 'reminder'}));
  await expect.poll(() => bodies(worker)).toEqual(['Three customers wait']);
  await worker.isClicked('Three customers wait');
  await expect.poll(() => worker.noted('focus', 'open')).toEqual([['open', '/']]);
});

test('a click waits for all windows at once that may have the conversation beside an appointment', ONCE, async ({signIn}) => {
  const dana = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(dana.page);
  await worker.isPushed(textOf('c1', 'Hello'));
  await expect.poll(() => bodies(worker)).toEqual(['Hello']);
  await worker.holdsTime();
  // The appointment does not exist, so no conversation is beside it, and the worker asks each window.
  const others = await Promise.all([1, 2].map(() => dana.page.context().newPage()));
  for (const other of others) {
    await other.addInitScript(() => {
      navigator.serviceWorker.addEventListener('message', event => {
        window.asked = event.data.kind;
        // A window that is busy or suspended does not answer.
        event.stopImmediatePropagation();
      });
    });
    await other.goto('/appointment.html?a=nonsense');
  }
  await worker.isClicked('Hello');
  for (const other of others) await expect.poll(() => other.evaluate(() => window.asked)).toBe('which');
});

test('the app\'s icon has the number that waits for an answer', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.notesWindows();
  await worker.isPushed(textOf('c1', 'Hello', {unanswered: 3}));
  await worker.isPushed(textOf('c1', 'Bye', {unanswered: 0}));
  await expect.poll(() => worker.noted('badge')).toEqual([['badge', 3], ['badge', 0]]);
});

test('signing out takes away what is shown', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.isPushed(textOf('c1', 'Hello'));
  await expect.poll(() => bodies(worker)).toEqual(['Hello']);
  await page.getByRole('button', {name: 'Sign out'}).click();
  await expect(page).toHaveURL(/\/sign-in\.html#signed-out$/);
  await expect.poll(() => bodies(worker)).toEqual([]);
});

test.describe('without a connection', () => {
  test.use({connectionFails: true});

  test('every page says so decently at its own address, and goes on by itself; nothing of a customer is kept', async ({stack, signIn}) => {
    await stack.customerTexts(MARIA, 'Hello');
    const dana = await signIn('Dana Whitfield');
    await dana.opensConversationWith('Hello');
    const address = dana.page.url();
    await dana.page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
    const kept = await dana.page.evaluate(async () => {
      const all = await Promise.all((await caches.keys()).map(async name => (await caches.open(name)).keys()));
      return all.flat().map(({url}) => new URL(url).pathname.replace(/\.[0-9a-f]{16}\./, '.')).sort();
    });
    expect(kept).toEqual(['/assets/icon.svg', '/assets/offline.js', '/assets/portal.css', '/offline.html']);
    await dana.page.context().setOffline(true);
    await dana.page.goto(address);
    await expect(dana.page.getByRole('heading', {level: 1})).toHaveText('No connection');
    await expect(dana.page.locator('main')).toHaveCSS('text-align', 'center');
    await dana.page.screenshot({path: `artefacts/${test.info().project.name}-offline-shown.png`});
    expect(dana.page.url()).toBe(address);
    await dana.page.context().setOffline(false);
    await expect(dana.bubbles).toHaveText(/Hello/);
  });
});

test('a new version takes over while pages are open, and leaves nothing of the old one', ONCE, async ({stack, openWindow}) => {
  let version = null;
  const server = createServer(async ({url}, response) => {
    const answer = await fetch(stack.address + url);
    let body = Buffer.from(await answer.arrayBuffer());
    if (url === '/sw.js' && version) body = `${body}`.replace(/const VERSION = "[^"]+"/, `const VERSION = "${version}"`);
    response.writeHead(answer.status, {'content-type': answer.headers.get('content-type'), 'cache-control': answer.headers.get('cache-control')}).end(body);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  try {
    const page = await openWindow({...ALLOWED, baseURL: `http://localhost:${server.address().port}`});
    await page.goto('/help-push.html');
    await page.evaluate(() => navigator.serviceWorker.register('/sw.js', {updateViaCache: 'none'}).then(() => null));
    await Worker.of(page);
    await expect.poll(() => page.evaluate(() => caches.keys())).toEqual([expect.stringMatching(/^offline-[0-9a-f]{16}$/)]);
    await page.evaluate(() => {
      navigator.serviceWorker.oncontrollerchange = () => { window.taken = true; };
    });
    version = 'new';
    // A browser checks for an update whenever a page is opened.
    await page.evaluate(() => navigator.serviceWorker.getRegistration().then(registration => registration.update()).then(() => null));
    await expect.poll(() => page.evaluate(() => window.taken)).toBe(true);
    await expect.poll(() => page.evaluate(() => caches.keys())).toEqual(['offline-new']);
    const worker = await Worker.of(page);
    await worker.isPushed(textOf('c1', 'Hello'));
    await expect.poll(() => bodies(worker)).toEqual(['Hello']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the worker and the manifest are asked for anew each time', ONCE, async ({stack}) => {
  for (const [path, type] of [['sw.js', 'text/javascript; charset=utf-8'], ['manifest.webmanifest', 'application/manifest+json']]) {
    const {headers} = await fetch(`${stack.address}/${path}`);
    expect([headers.get('cache-control'), headers.get('content-type')], path).toEqual(['no-cache', type]);
  }
});

test('the portal can be installed', ONCE, async ({stack}) => {
  // Only a window with a profile on disk can install an app.
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const {launchOptions} = test.info().project.use;
  const context = await chromium.launchPersistentContext(profile, launchOptions);
  try {
    const page = await context.newPage();
    await page.goto(`${stack.address}/sign-in.html`);
    const tools = await context.newCDPSession(page);
    const {errors, manifest, url} = await tools.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    expect(url).toBe(`${stack.address}/manifest.webmanifest`);
    expect(manifest).toMatchObject({name: 'Switchboard', display: 'kStandalone', startUrl: `${stack.address}/`});
    await expect.poll(async () => (await tools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
    const touch = await page.locator('link[rel="apple-touch-icon"]').getAttribute('href');
    expect((await page.request.get(stack.address + touch)).headers()['content-type']).toBe('image/png');
  } finally {
    await context.close();
    await rm(profile, {recursive: true, force: true});
  }
});
