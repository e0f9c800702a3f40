// The whole path without replaced parts: a customer texts, Firefox shows a notification, and a click on it opens the
// conversation. Only the push service is the tests' own.
import {Firefox} from '../lib/firefox.mjs';
import {expect, test as base, MARIA, SAM} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

const test = base.extend({
  firefox: async ({pushService}, use) => {
    const firefox = await Firefox.start(pushService);
    await use(firefox);
    await firefox.stop();
  },

  /** Dana's tab with the Dashboard, after she has turned notifications on with the bell. */
  dana: async ({firefox, stack}, use) => {
    const [tab] = await firefox.tabs();
    await tab.goto(`${stack.address}/sign-in.html`);
    await tab.clicks('#sign-in');
    await tab.has('button[value="harbor-dental.dana"]');
    await tab.clicks('button[value="harbor-dental.dana"]');
    await tab.has('#bell[data-state="off"]');
    await tab.clicks('#bell');
    await tab.clicks('#bell-panel [data-does="on"]');
    await firefox.allowsNotifications();
    await tab.has('#bell[data-state="on"]');
    await use(tab);
  },
});

test('a customer\'s text is read in the corner of the screen, and a click on it opens the conversation in the window that is there', ONCE, async ({stack, firefox, pushService, dana}) => {
  const other = await firefox.opensTab();
  await other.comesToFront();
  await stack.customerTexts(MARIA, 'Running 10 min late, ok? 🙏');
  await expect.poll(() => firefox.notifications()).toEqual([{title: '(425) 555-0182', text: 'Running 10 min late, ok? 🙏'}]);
  const [{headers, body}] = pushService.posts;
  expect(headers).toMatchObject({'content-encoding': 'aes128gcm', urgency: 'high', topic: expect.stringMatching(/^[\w-]{1,32}$/)});
  expect(Number(headers.ttl), 'for about a day').toBeGreaterThan(86_000);
  expect(body.includes('Running'), 'nothing of it is in the clear').toBe(false);
  expect([...pushService.taken.values()], 'Firefox has decrypted it').toEqual([100]);
  await firefox.clicksNotification('Running 10 min late, ok? 🙏');
  await dana.has('#messages', 'Running 10 min late, ok? 🙏');
  expect(await dana.run(() => location.pathname)).toBe('/conversation.html');
  // The order of tabs is tested in Chromium, because Firefox without a screen does not bring a tab to the front.
  expect(await firefox.tabs()).toHaveLength(2);
});

test('with the portal closed it comes all the same, and a click opens it', ONCE, async ({stack, firefox, dana}) => {
  const other = await firefox.opensTab();
  await dana.close();
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect.poll(() => firefox.notifications()).toEqual([{title: '(253) 555-0119', text: 'Is it open today?'}]);
  await firefox.clicksNotification('Is it open today?');
  await expect.poll(async () => (await firefox.tabs()).map(({url}) => url.slice(stack.address.length).split('?')[0])).toContain('/conversation.html');
  const opened = (await firefox.tabs()).find(({context}) => context !== other.context);
  await opened.has('#messages', 'Is it open today?');
});

test('several from one customer are one notification with the newest text, and none shows while they are read', ONCE, async ({stack, firefox, pushService, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await expect.poll(() => firefox.notifications()).toEqual([{title: '(425) 555-0182', text: 'Hello'}]);
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect.poll(() => firefox.notifications()).toEqual([{title: '(425) 555-0182', text: 'Are you there?'}]);
  await firefox.clicksNotification('Are you there?');
  await dana.has('#messages', 'Are you there?');
  await expect.poll(() => firefox.notifications()).toEqual([]);
  await stack.customerTexts(MARIA, 'It is about Friday');
  await dana.has('#messages', 'It is about Friday');
  await expect.poll(() => [...pushService.taken.values()]).toEqual([100, 100, 100]);
  expect(await firefox.notifications()).toEqual([]);
});

test('a browser that its push service has forgotten is connected anew by the next page, and told again', ONCE, async ({stack, firefox, pushService, dana}) => {
  pushService.forgetsEverybody();
  await stack.customerTexts(MARIA, 'Hello');
  await expect.poll(() => pushService.posts.map(({status}) => status)).toEqual([410]);
  const browsers = () => notifiedBrowsers(dana);
  await expect.poll(browsers, 'Switchboard forgets it too').toBe(0);
  await dana.goto(`${stack.address}/messages.html`);
  await dana.has('#bell[data-state="on"]');
  await expect.poll(browsers).toBe(1);
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect.poll(() => firefox.notifications()).toEqual([{title: '(253) 555-0119', text: 'Is it open today?'}]);
});

test('Send a test says so when the push service knows the browser no more, and the next one comes', ONCE, async ({firefox, pushService, dana}) => {
  pushService.forgetsEverybody();
  await dana.clicks('#bell-panel [data-does="test"]');
  await expect.poll(() => dana.run(() => document.getElementById('bell-test').textContent), {timeout: 90_000}).toContain('no longer known to its notification service');
  await dana.clicks('#bell-panel [data-does="test"]');
  await dana.has('#bell-test', 'Shown at ');
  expect(await firefox.notifications()).toHaveLength(1);
});

test('Send a test proves the whole way, and turning off ends it', ONCE, async ({stack, firefox, pushService, dana}) => {
  await dana.clicks('#bell-panel [data-does="test"]');
  await dana.has('#bell-test', 'Shown at ');
  expect(await firefox.notifications()).toHaveLength(1);
  await dana.clicks('#bell-panel [data-does="off"]');
  await dana.has('#bell[data-state="off"]');
  await expect.poll(() => pushService.endpoints).toEqual([]);
  await expect.poll(() => notifiedBrowsers(dana), 'Switchboard forgets it too').toBe(0);
  const posts = pushService.posts.length;
  await stack.customerTexts(MARIA, 'Hello');
  await dana.has('#recent', 'Hello');
  expect(pushService.posts).toHaveLength(posts);
});

/** Returns the number of push subscriptions. */
function notifiedBrowsers(dana) {
  return dana.run(async () => (await (await fetch('/api/push-subscriptions', {headers: {Accept: 'application/json'}})).json()).browsers.length);
}

test('when somebody signs out, every tab leaves at once, and Back shows nothing of what was there', ONCE, async ({stack, firefox, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.goto(`${stack.address}/messages.html`);
  await dana.clicks('#conversations a');
  await dana.has('#messages', 'Hello');
  const other = await firefox.opensTab();
  await other.goto(`${stack.address}/`);
  await other.clicks('.account-leave button');
  await dana.has('.sign-in', 'Sign in to Switchboard');
  await dana.run(() => history.back()).catch(() => {});
  await dana.has('.sign-in', 'Sign in to Switchboard');
});
