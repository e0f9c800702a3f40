// A page belongs to one person. Whatever happens in the same browser, it shows only their data and sends only their
// requests.
import {expect, test, MARIA} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

/** Records the visible text of each frame from now on. Returns a function that returns all of it. */
async function watches(page) {
  const seen = [];
  await page.exposeFunction('paints', text => seen.push(text));
  await page.evaluate(() => {
    const look = () => {
      if (getComputedStyle(document.body).visibility === 'visible') globalThis.paints(document.body.innerText);
      requestAnimationFrame(look);
    };
    look();
  });
  return () => seen.join('\n');
}

test('when somebody signs out, every tab leaves at once, though nobody looks at it and nothing is answered', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.reply.fill('Between us:');
  const other = await dana.page.context().newPage();
  await other.goto('/');
  await expect(other.locator('.account')).toContainText('Dana Whitfield');
  await dana.page.route('**/api/**', () => {});
  await other.getByRole('button', {name: 'Sign out'}).click();
  await expect(dana.page).toHaveURL(/\/sign-in\.html(#signed-out)?$/);
  expect(await dana.page.evaluate(() => sessionStorage.length), 'nor is anything that was written left there').toBe(0);
  await expect(dana.page).toHaveTitle('Sign in · Switchboard');
});

test('when somebody else signs in in another tab, a page shows nothing of either and then theirs', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const seen = await watches(dana.page);
  const other = await dana.page.context().newPage();
  await dana.page.context().clearCookies();
  await other.goto('/sign-in.html');
  await other.getByRole('link', {name: 'Sign in'}).click();
  await other.getByRole('button', {name: 'Josie'}).click();
  await expect(other.locator('.account')).toContainText('Josie');
  await expect(dana.page.locator('body')).not.toContainText('Dana Whitfield');
  await expect(dana.page.locator('.account, .sign-in')).toContainText(/Josie|Sign in/);
  await expect(dana.page.getByText('Hello', {exact: true})).toHaveCount(0);
  expect(seen()).not.toContain('Josie');
});

test('an answer that is for somebody else is not shown', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await expect(dana.page.locator('.account')).toContainText('Dana');
  const seen = await watches(dana.page);
  await dana.sessionIsOf('Josie Nguyen');
  await expect(dana.problem).toContainText('There is no such conversation');
  await expect(dana.page.locator('.account')).toContainText('Josie Nguyen');
  expect(seen(), 'it was loaded anew before it said so').not.toContain('There is no such conversation');
});

test('what is written on one person\'s page is not sent as another\'s', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  // Waits for the draft to be saved as hers. A later save would tell the page that the session is another person's.
  const saved = dana.page.waitForResponse(it => it.url().includes('/api/drafts/') && it.request().method() === 'PUT');
  await dana.reply.fill('It is Dana who says so.');
  await saved;
  // No response tells the page about the other session before it sends.
  let isHeld = true;
  await dana.page.route('**/api/**', route => (isHeld && route.request().method() === 'GET' ? null : route.continue()));
  await dana.sessionIsOf('Marcus Bell');
  const answer = dana.page.waitForResponse(response => response.request().method() === 'POST');
  await dana.send.click();
  const status = (await answer).status();
  isHeld = false;
  expect(status).toBe(409);
  await expect(dana.page.locator('.account')).toContainText('Marcus Bell');
  await expect(dana.reply, 'a draft of Dana\'s is none of his').toHaveValue('');
  await expect(dana.bubbles).toHaveCount(1);
  expect(await stack.phoneOf(MARIA)).toEqual([]);
});

test('a frame that is for somebody else is not shown', ONCE, async ({stack, dana}) => {
  await dana.refreshesOnlyForAReason();
  await dana.page.routeWebSocket('**/live', socket => {
    const server = socket.connectToServer();
    server.onMessage(text => socket.send(text.replace('data-staff="harbor-dental/dana"', 'data-staff="tidewater-physio/josie"')));
  });
  await dana.page.goto('/');
  await dana.isLive();
  const loaded = dana.page.waitForEvent('load');
  const seen = await watches(dana.page);
  await stack.customerTexts(MARIA, 'Hello');
  await loaded;
  expect(seen()).not.toContain('Hello');
});

test('what is half written when a session runs out is that person\'s, and not the next one\'s', ONCE, async ({dana}) => {
  await dana.page.goto('/new-message.html');
  await dana.page.getByLabel('Mobile number').fill('425-555-0182');
  await dana.page.getByLabel('Message', {exact: true}).fill('Between us');
  await dana.page.goto('/new-appointment.html');
  await dana.page.getByLabel('Customer').fill('Maria Lopez');
  await dana.page.context().clearCookies();
  await dana.page.reload();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  await dana.signsInHere('Dana Whitfield');
  await expect(dana.page.getByLabel('Customer'), 'to Dana it comes back').toHaveValue('Maria Lopez');
  await dana.page.context().clearCookies();
  await dana.page.reload();
  await dana.signsInHere('Josie Nguyen');
  await expect(dana.page.locator('.account')).toContainText('Josie Nguyen');
  await expect(dana.page.getByLabel('Customer')).toHaveValue('');
  await dana.page.goto('/new-message.html');
  await expect(dana.page.locator('.account')).toContainText('Josie Nguyen');
  await expect(dana.page.getByLabel('Mobile number')).toHaveValue('');
  await expect(dana.page.getByLabel('Message', {exact: true})).toHaveValue('');
  expect(await dana.page.evaluate(() => JSON.stringify(sessionStorage))).not.toMatch(/Maria|Between us|0182/);
});
