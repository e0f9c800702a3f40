// An unsent text is stored for its author, whatever happens to the browser.
import {booked, opensAppointment} from '../lib/appointments.mjs';
import {expect, test, MARIA} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

/** Returns the names of the drafts that a window has not yet saved. */
const held = page => page.evaluate(() => Object.keys(sessionStorage).filter(name => name.startsWith('draft:')));
const isSaved = staff => expect.poll(() => held(staff.page), 'the server has all that was written').toEqual([]);

/** Collects the page's requests for drafts from now on, such as `PUT conversation-…`. */
function asks(page) {
  const asked = [];
  page.on('request', request => {
    const name = request.url().match(/\/api\/drafts\/(.*)/)?.[1];
    if (name) asked.push(`${request.method()} ${name}`);
  });
  return asked;
}

test('a reply that is half written is there in another browser of its person, and in nobody else\'s', async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.reply.fill('On Monday we are');
  await isSaved(dana);
  const other = await signIn('Dana Whitfield');
  await other.page.goto(dana.page.url());
  await expect(other.reply).toHaveValue('On Monday we are');
  await expect(other.page.locator('#segments')).toContainText('16/160');
  for (const name of ['Marcus Bell', 'Josie Nguyen']) {
    const another = await signIn(name);
    const read = another.page.waitForResponse('**/api/drafts/*');
    await another.page.goto(dana.page.url());
    expect(await (await read).json()).toBe(null);
    await expect(another.page.locator('#text')).toHaveValue('');
  }
});

test('it is saved once after a pause, and this window holds it until then', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = new URL(dana.page.url()).searchParams.get('c');
  const asked = asks(dana.page);
  // All keystrokes in one task: on a busy machine, typing would pause between them for long enough to be saved twice.
  await dana.reply.evaluate((field) => {
    for (const letter of 'On Monday') {
      field.value += letter;
      field.dispatchEvent(new InputEvent('input', {bubbles: true}));
    }
  });
  expect(await held(dana.page)).toEqual([`draft:conversation-${conversation}`]);
  await isSaved(dana);
  expect(asked, 'nothing of it is in an address').toEqual([`PUT conversation-${conversation}`]);
});

test('what is written just before a page is left is saved', async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = dana.page.url();
  await dana.reply.fill('On Monday');
  await dana.page.goto('/messages.html');
  await isSaved(dana);
  const other = await signIn('Dana Whitfield');
  await other.page.goto(conversation);
  await expect(other.reply).toHaveValue('On Monday');
});

test('signing out asks nothing, and leaves a draft to its person and not to the next one at the desk', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = dana.page.url();
  await dana.reply.fill('Between us:');
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  for (const [name, value] of [['Marcus Bell', ''], ['Josie Nguyen', ''], ['Dana Whitfield', 'Between us:']]) {
    await dana.signsInAs(name);
    const read = dana.page.waitForResponse('**/api/drafts/*');
    await dana.page.goto(conversation);
    await (await read).finished();
    // For Josie there is no such conversation, and no field to write in.
    await expect(dana.page.locator('#text'), name).toHaveValue(value);
    if (value) break;
    expect(await dana.page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('Between us');
    await dana.page.getByRole('button', {name: 'Sign out'}).click();
    await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  }
});

test('a draft outlives the session and the browser', ONCE, async ({stack, dana, openWindow, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = dana.page.url();
  await dana.reply.fill('On Monday');
  await isSaved(dana);
  await dana.page.context().clearCookies();
  await dana.page.reload();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  await dana.page.context().close();
  const later = await signIn('Dana Whitfield');
  await later.page.goto(conversation);
  await expect(later.reply).toHaveValue('On Monday');
  const nobody = await openWindow();
  expect((await nobody.request.get('/api/drafts/new-message')).status()).toBe(401);
});

test('what could not be saved is discarded by signing out only if its person says so', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = dana.page.url();
  await dana.page.route('**/api/drafts/*', route => (route.request().method() === 'PUT' ? route.fulfill({status: 404}) : route.continue()));
  await dana.reply.fill('Between us:');
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  const asked = dana.page.getByRole('dialog');
  await expect(asked).toContainText('What you have written could not be saved');
  await dana.page.screenshot({path: 'artefacts/signing-out-with-a-draft.png'});
  await asked.getByRole('button', {name: 'Stay'}).click();
  await expect(dana.reply).toHaveValue('Between us:');
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  await asked.getByRole('button', {name: 'Sign out'}).click();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  await dana.signsInAs('Dana Whitfield');
  await dana.page.goto(conversation);
  await expect(dana.bubbles).toHaveCount(1);
  await expect(dana.reply).toHaveValue('');
});

test('the forms of a message and of appointments are kept as the reply is, until they are sent', async ({dana, signIn}) => {
  const appointment = await booked(dana);
  await dana.page.goto('/new-message.html');
  await dana.page.getByLabel('Mobile number').fill('206-555-0126');
  await dana.page.getByLabel('Message', {exact: true}).fill('Hi Grace');
  await dana.page.goto('/new-appointment.html?day=2027-03-01');
  await dana.page.getByLabel('Customer').fill('Sam Okafor');
  await dana.page.getByLabel('Time').fill('15:00');
  await dana.page.getByLabel('With').selectOption('Marcus Bell');
  await opensAppointment(dana, appointment);
  await dana.page.getByLabel('Notes').fill('Rings at nine');
  await isSaved(dana);

  const {page, send} = await signIn('Dana Whitfield');
  await opensAppointment({page}, appointment);
  await expect(page.getByLabel('Notes')).toHaveValue('Rings at nine');
  await expect(page.getByLabel('Customer')).toHaveValue('Maria Lopez');
  await page.getByRole('button', {name: 'Save'}).click();
  await expect(page.locator('#appointment-head')).toContainText('Last changed by Dana Whitfield');
  await page.goto('/new-appointment.html');
  await expect(page.getByLabel('Customer')).toHaveValue('Sam Okafor');
  await expect(page.getByLabel('With')).toHaveValue('marcus');
  await expect(page.getByLabel('Day')).toHaveValue('2027-03-01');
  await page.getByRole('button', {name: 'Book'}).click();
  await page.waitForURL('**/appointment.html?a=*');
  await page.goto('/new-message.html');
  await expect(page.getByLabel('Mobile number')).toHaveValue('206-555-0126');
  await expect(page.getByLabel('Message', {exact: true})).toHaveValue('Hi Grace');
  await send.click();
  await page.waitForURL('**/conversation.html?c=*');
  await isSaved({page});

  for (const name of ['new-message', 'new-appointment', `appointment-${appointment.id}`]) {
    expect(await (await page.request.get(`/api/drafts/${name}`)).json(), name).toBe(null);
  }
});

test('a reply that is sent is no draft any more, on any device', ONCE, async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const asked = asks(dana.page);
  await dana.replies('At once');
  await dana.hasSent();
  await dana.reply.fill('On Monday');
  await isSaved(dana);
  await dana.send.click();
  await dana.hasSent();
  await isSaved(dana);
  const conversation = new URL(dana.page.url()).searchParams.get('c');
  expect(asked.slice(-2)).toEqual([`PUT conversation-${conversation}`, `DELETE conversation-${conversation}`]);
  const other = await signIn('Dana Whitfield');
  const read = other.page.waitForResponse('**/api/drafts/*');
  await other.page.goto(dana.page.url());
  expect(await (await read).json()).toBe(null);
  await expect(other.reply).toHaveValue('');
});

test('what is typed before the draft is there stays, and takes its place', ONCE, async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.reply.fill('On Monday');
  await isSaved(dana);
  const other = await signIn('Dana Whitfield');
  let letGo;
  const isLetGo = new Promise(resolve => { letGo = resolve; });
  await other.page.route('**/api/drafts/*', async route => {
    if (route.request().method() === 'GET') await isLetGo;
    await route.continue();
  });
  await other.page.goto(dana.page.url());
  await expect(other.bubbles).toHaveCount(1);
  await other.reply.fill('On Tuesday');
  const read = other.page.waitForResponse('**/api/drafts/*');
  letGo();
  await (await read).finished();
  await isSaved(other);
  await expect(other.reply).toHaveValue('On Tuesday');
  await dana.page.reload();
  await expect(dana.reply).toHaveValue('On Tuesday');
});

test.describe('without a connection', () => {
  test.use({connectionFails: true});

  test('what is written stays in the window, and is saved when it is back', ONCE, async ({stack, dana, signIn}) => {
    await stack.customerTexts(MARIA, 'Hello');
    await dana.opensConversationWith('Hello');
    await dana.page.context().setOffline(true);
    const failed = dana.page.waitForEvent('requestfailed', request => request.url().includes('/api/drafts/'));
    await dana.reply.fill('On Monday');
    await failed;
    expect(await held(dana.page)).toHaveLength(1);
    await dana.page.context().setOffline(false);
    await isSaved(dana);
    const other = await signIn('Dana Whitfield');
    await other.page.goto(dana.page.url());
    await expect(other.reply).toHaveValue('On Monday');
  });

  test('a text whose answer is lost is the same message on another device', ONCE, async ({stack, dana, signIn}) => {
    await stack.customerTexts(MARIA, 'Hello');
    await dana.opensConversationWith('Hello');
    await dana.page.route('**/messages', async route => {
      if (route.request().method() !== 'POST') return route.fallback();
      await route.fetch({headers: {...route.request().headers(), 'sec-fetch-site': 'same-origin'}});
      await route.abort();
    });
    await dana.replies('On Monday');
    await expect(dana.problem).toContainText('it will not be sent twice');
    await isSaved(dana);
    const other = await signIn('Dana Whitfield');
    await other.page.goto(dana.page.url());
    await expect(other.reply).toHaveValue('On Monday');
    await other.send.click();
    await other.hasSent();
    expect(await stack.phoneOf(MARIA)).toEqual(['On Monday']);
  });
});
