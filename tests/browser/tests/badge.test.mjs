// The badge, the number on the app's icon. A browser without a screen has no icon, so the calls are recorded.
import {expect, test, MARIA, SAM} from '../lib/test.mjs';
import {Worker, textOf} from '../lib/worker.mjs';

const ONCE = {tag: '@any-width'};
const ALLOWED = {permissions: ['notifications'], push: {}};

// The tests block sockets, which writes errors to the console.
test.use({connectionFails: true});

/** Signs Dana in and turns notifications on. Returns her and the service worker. */
async function withNotificationsOn(signIn) {
  const dana = await signIn('Dana Whitfield', ALLOWED);
  await dana.page.context().addInitScript(() => {
    window.cleared = 0;
    navigator.clearAppBadge = async () => { window.cleared += 1; };
  });
  await dana.page.reload();
  const worker = await Worker.of(dana.page);
  await worker.notesWindows();
  await worker.isSubscribed();
  await dana.page.locator('#bell').click();
  await dana.page.getByRole('button', {name: 'Turn on'}).click();
  await isOn(dana.page);
  return [dana, worker];
}

const isOn = page => expect(page.locator('#bell')).toHaveAttribute('data-state', 'on');

const number = async worker => (await worker.noted('badge')).at(-1)?.[1];

test('while a page is open it has who waits, also when a colleague answers; asked for once for all pages', ONCE, async ({stack, signIn, marcus}) => {
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTexts(MARIA, 'Hello');
  await marcus.opensConversationWith('Hello');
  const [dana, worker] = await withNotificationsOn(signIn);
  await expect.poll(() => number(worker)).toBe(2);
  const other = await dana.page.context().newPage();
  await other.goto('/messages.html');
  await isOn(other);
  for (const page of [dana.page, other]) await expect(page.locator('#live')).toHaveText('live');
  await worker.hearsWindows();
  await worker.holdsTime();
  await marcus.replies('Hello, Maria.');
  await expect.poll(() => worker.heard(), 'both pages say that it may be another number').toBe(2);
  expect(await worker.timePasses()).toBe(1);
  await expect.poll(() => number(worker)).toBe(1);
  await worker.isPushed(textOf('c1', 'from before that', {unanswered: 7}));
  expect(await number(worker), 'what was pushed before is older').toBe(1);
  await worker.isPushed(textOf('c1', 'from after that', {unanswered: 3, at: new Date(Date.now() + 60_000).toISOString()}));
  expect(await number(worker)).toBe(3);
});

test('a page that is looked at again has it asked for', ONCE, async ({stack, signIn}) => {
  const [dana, worker] = await withNotificationsOn(signIn);
  await expect.poll(() => number(worker)).toBe(0);
  const sockets = await dana.holdsSockets();
  sockets.holds = true;
  await dana.page.reload();
  await isOn(dana.page);
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect(dana.panel).toContainText('Is it open today?');
  await dana.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect.poll(() => number(worker)).toBe(1);
});

test('what is pushed late, or once more, changes nothing of it', ONCE, async ({signIn}) => {
  const {page} = await signIn('Dana Whitfield', ALLOWED);
  const worker = await Worker.of(page);
  await worker.notesWindows();
  const [earlier, later] = [textOf('c1', 'Hello', {unanswered: 1}), textOf('c2', 'Bye', {unanswered: 2})];
  await worker.isPushed(later);
  await worker.isPushed(earlier);
  await worker.isPushed({...later, unanswered: 5});
  await worker.isPushed(textOf('c2', 'Thanks', {unanswered: 3}));
  expect(await worker.noted('badge')).toEqual([['badge', 2], ['badge', 3]]);
});

test('there is none where notifications are off, blocked or removed, and none comes back', ONCE, async ({stack, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  const [dana, worker] = await withNotificationsOn(signIn);
  const {page} = dana;
  const cleared = () => page.evaluate(() => window.cleared);
  await expect.poll(() => number(worker)).toBe(1);
  expect(await cleared()).toBe(1);
  // The worker is about to count the waiting customers.
  await worker.hearsWindows();
  await worker.holdsTime();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect.poll(() => worker.heard()).toBe(1);
  await page.getByRole('button', {name: 'Turn off'}).click();
  await expect.poll(cleared).toBe(2);
  await worker.isSubscribed(false);
  const before = await worker.noted('badge');
  await worker.hasCounted(() => worker.timePasses());
  expect(await worker.noted('badge')).toEqual(before);

  await page.getByRole('button', {name: 'Turn on'}).click();
  await isOn(page);
  const id = await page.evaluate(() => localStorage.getItem('push-subscription'));
  await page.evaluate(id => fetch(`/api/push-subscriptions/${id}`, {method: 'DELETE', headers: {Accept: 'application/json'}}).then(() => null), id);
  await page.reload();
  await expect.poll(cleared, 'removed').toBe(1);
  await page.locator('#bell').click();
  await page.getByRole('button', {name: 'Turn on'}).click();
  await isOn(page);
  await page.evaluate(() => localStorage.setItem('pretended-permission', '"denied"'));
  await page.reload();
  await expect.poll(cleared, 'blocked').toBe(1);
});
