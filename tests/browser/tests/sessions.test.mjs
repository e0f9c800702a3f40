import {expect, test, MARIA} from '../lib/test.mjs';

const PAGES = ['/', '/messages.html', '/notifications.html', '/conversation.html?c=x', '/new-message.html'];
const ONCE = {tag: '@any-width'};

test('without a session every page leads to the sign-in page', ONCE, async ({openWindow}) => {
  const page = await openWindow();
  for (const path of PAGES) {
    await page.goto(path);
    await expect(page, path).toHaveURL(/\/sign-in\.html/);
  }
});

test('so does a session that was made up', ONCE, async ({dana}) => {
  const context = dana.page.context();
  const [session] = await context.cookies();
  await context.addCookies([{...session, value: session.value.replace(/./g, 'f')}]);
  await dana.page.goto('/');
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
});

test('who signs in is named, and signing out ends the session for every page that is open', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await expect(dana.page.locator('.account')).toContainText('Dana Whitfield');
  const other = await dana.page.context().newPage();
  await other.goto('/messages.html');
  await expect(other.getByText('Hello')).toBeVisible();
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  await expect(other).toHaveURL(/\/sign-in\.html/);
  await dana.page.goBack();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
});

test('a session that ends while a reply is written takes nothing of it', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const conversation = dana.page.url();
  await dana.reply.fill('No problem.');
  await dana.page.context().clearCookies();
  // Unless a refresh has noticed the end of the session first. Then there is no button to press.
  await Promise.all([
    expect(dana.page).toHaveURL(/\/sign-in\.html/),
    dana.send.click({timeout: 5000}).catch(() => {}),
  ]);
  await dana.signsInHere('Dana Whitfield');
  await expect(dana.page, 'signing in leads back').toHaveURL(conversation);
  await expect(dana.reply).toHaveValue('No problem.');
  expect(await stack.phoneOf(MARIA)).toEqual([]);
});

test('whoever signs out is signed out of the provider too, told so, and asked who they are again', ONCE, async ({dana}) => {
  const left = dana.page.waitForRequest(/\/local\/issuer\/end-session/);
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  expect(new URL((await left).url()).searchParams.get('post_logout_redirect_uri')).toMatch(/\/sign-in\.html$/);
  await expect(dana.page.getByText('You are signed out.')).toBeVisible();
  await dana.page.goto('/messages.html');
  await expect(dana.page, 'the next one at the desk opens the portal').toHaveURL(/\/sign-in\.html\?back=/);
  const asked = dana.page.waitForRequest(/\/local\/issuer\/authorize/);
  await dana.page.getByRole('link', {name: 'Sign in'}).click();
  expect(new URL((await asked).url()).searchParams.get('prompt')).toBe('login');
});

test('a sign-in that is not this window\'s own is explained', ONCE, async ({openWindow}) => {
  const page = await openWindow();
  await page.goto('/api/sign-in/callback?code=x&state=y');
  await expect(page.getByText('That sign-in took too long, or was begun in another browser')).toBeVisible();
  await expect(page.getByText('You are signed out.')).toBeHidden();
});

test('another company sees nothing of a conversation, though it has the address', ONCE, async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const josie = await signIn('Josie Nguyen');
  await josie.page.goto(dana.page.url());
  await expect(josie.problem).toContainText('There is no such conversation');
  await expect(josie.bubbles).toHaveCount(0);
  await josie.opensDashboard();
  await expect(josie.panel).toContainText('Nothing in the last 30 days');
});
