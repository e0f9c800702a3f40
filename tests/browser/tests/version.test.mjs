// A new version of the portal while a page is open: another service worker takes over.
import {booked, opensAppointment} from '../lib/appointments.mjs';
import {expect, test, MARIA} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

/** Registers a service worker at another address, which has the same effect as one with other content. */
async function newVersionTakesOver(page, version = 'new') {
  await page.evaluate(async version => {
    const taken = new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve, {once: true}));
    await navigator.serviceWorker.register(`/sw.js?${version}`, {updateViaCache: 'none'});
    await taken;
  }, version);
}

/** Hides the page. Returns whether that starts a reload. */
async function isRenewedWhenHidden(page, hidden = true) {
  return page.evaluate(hidden => {
    let begins = false;
    navigation.addEventListener('navigate', () => { begins = true; }, {once: true});
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
    return begins;
  }, hidden).catch(error => {
    // The page has been unloaded before it could answer.
    if (!/navigation|destroyed/.test(error.message)) throw error;
    return true;
  });
}

const isControlled = page => expect.poll(() => page.evaluate(() => Boolean(navigator.serviceWorker.controller))).toBe(true);

test('a page that nobody looks at is loaded anew when a new version has taken over, with what was written', ONCE, async ({stack, dana}) => {
  const {page} = dana;
  await stack.customerTexts(MARIA, 'Hello');
  // The first worker takes over a page that has just been loaded.
  await isControlled(page);
  expect(await isRenewedWhenHidden(page)).toBe(false);
  await dana.opensConversationWith('Hello');
  await dana.reply.fill('No prob');
  await newVersionTakesOver(page);
  await expect(dana.reply, 'somebody is looking at it').toHaveValue('No prob');
  expect(await isRenewedWhenHidden(page)).toBe(true);
  await page.waitForLoadState();
  await expect(dana.reply).toHaveValue('No prob');
  await expect(dana.bubbles).toHaveCount(1);
});

test('so is one that is hidden when the new version comes; an appointment that is being written stays as it is', ONCE, async ({stack, dana}) => {
  const {page} = dana;
  await stack.customerTexts(MARIA, 'Hello');
  await isControlled(page);
  await opensAppointment(dana, await booked(dana));
  await page.getByLabel('Notes').fill('Left knee');
  await isRenewedWhenHidden(page);
  const renewed = page.waitForEvent('load');
  await page.evaluate(() => navigator.serviceWorker.register('/sw.js?new', {updateViaCache: 'none'}).then(() => null));
  await renewed;
  await expect(page.getByLabel('Notes')).toHaveValue('Left knee');
});

test('it waits while something is on its way, or is written that nothing keeps', ONCE, async ({stack, dana}) => {
  const {page} = dana;
  await stack.customerTexts(MARIA, 'Hello');
  await isControlled(page);
  await dana.opensConversationWith('Hello');
  let release;
  const released = new Promise(resolve => { release = resolve; });
  await page.route('**/messages', async route => {
    if (route.request().method() === 'POST') await released;
    await route.continue();
  });
  await newVersionTakesOver(page);
  const sent = page.waitForRequest(request => request.method() === 'POST');
  await dana.replies('No problem.');
  await sent;
  expect(await isRenewedWhenHidden(page)).toBe(false);
  release();
  await dana.hasSent();
  await isRenewedWhenHidden(page, false);
  // Waits for this load, so that it has ended before the next page is opened.
  const renewed = page.waitForEvent('load');
  expect(await isRenewedWhenHidden(page)).toBe(true);
  await renewed;

  await page.goto('/notification-settings.html');
  await page.getByLabel('Only those of my appointments').check();
  await newVersionTakesOver(page, 'newer');
  expect(await isRenewedWhenHidden(page)).toBe(false);
});
