import {expect, onPhone, test, MARIA} from '../lib/test.mjs';

const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1';
const LAPTOP = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0';
const ONCE = {tag: '@any-width'};
// The gateway caches the answer about a session for a minute.
const REMEMBERED = {timeout: 90_000};

const rows = ({page}) => page.locator('#sessions').getByRole('listitem');
const pictured = ({page}, name) => page.screenshot({path: `artefacts/${test.info().project.name}-${name}.png`, fullPage: true});

test('a person is led to where they are signed in, and signs one of the browsers out', async ({dana, signIn}) => {
  const [phone] = [await signIn('Dana Whitfield', {userAgent: PHONE}), await signIn('Dana Whitfield', {userAgent: LAPTOP})];
  if (onPhone()) await dana.page.getByRole('link', {name: 'Where you are signed in'}).last().click();
  else await dana.page.getByRole('link', {name: 'Dana Whitfield'}).click();
  await expect(dana.page.getByRole('heading', {name: 'Where you are signed in'})).toBeVisible();
  await expect(rows(dana)).toHaveCount(3);
  await expect(rows(dana).first()).toContainText('This browser');
  await expect(rows(dana).filter({hasText: 'This browser'})).toHaveCount(1);
  await expect(rows(dana).first().getByRole('button')).toHaveCount(0);
  await pictured(dana, 'signed-in-in-three-browsers');
  await dana.page.getByRole('button', {name: 'Sign out Safari on iPhone'}).click();
  await expect(rows(dana)).toHaveCount(2);
  await expect(dana.page.locator('#sessions')).not.toContainText('iPhone');
  await dana.page.getByRole('button', {name: 'Sign out everywhere else'}).click();
  await expect(rows(dana)).toHaveCount(1);
  await expect(dana.page.getByText('You are signed in nowhere else.')).toBeVisible();
  await expect(dana.page.locator('main').getByRole('button')).toHaveCount(0);
  await pictured(dana, 'signed-in-here-only');
  await expect(phone.page, 'a page that is open there leaves').toHaveURL(/\/sign-in\.html/, REMEMBERED);
});

test('signing out everywhere is asked about first, and leaves here as any sign-out does', async ({stack, dana, signIn}) => {
  await stack.customerTexts(MARIA, 'Hello');
  const other = await signIn('Dana Whitfield', {userAgent: LAPTOP});
  await other.opensConversationWith('Hello');
  const tab = await dana.page.context().newPage();
  await tab.goto('/messages.html');
  await dana.page.goto('/sessions.html');
  await dana.page.getByRole('button', {name: 'Sign out everywhere…'}).click();
  const asked = dana.page.getByRole('dialog');
  await expect(asked).toContainText('This signs you out in every browser, this one too.');
  await pictured(dana, 'signing-out-everywhere');
  await asked.getByRole('button', {name: 'Stay'}).click();
  await expect(rows(dana)).toHaveCount(2);
  await dana.page.getByRole('button', {name: 'Sign out everywhere…'}).click();
  await asked.getByRole('button', {name: 'Sign out everywhere'}).click();
  await expect(dana.page.getByText('You are signed out.')).toBeVisible();
  await expect(tab, 'so does every tab').toHaveURL(/\/sign-in\.html/);
  await other.replies('Sent after all');
  await expect(other.page).toHaveURL(/\/sign-in\.html/);
  expect(await stack.phoneOf(MARIA)).toEqual([]);
});

test('what was not done is said where it was asked for', ONCE, async ({dana, signIn}) => {
  await signIn('Dana Whitfield', {userAgent: LAPTOP});
  await dana.page.goto('/sessions.html');
  await dana.page.route('**/api/sessions*', route => route.fulfill({status: 409, contentType: 'text/html', body: ''}));
  await dana.page.getByRole('button', {name: 'Sign out everywhere…'}).click();
  await dana.page.getByRole('dialog').getByRole('button', {name: 'Sign out everywhere'}).click();
  await expect(dana.problem).toHaveText('That did not work, and nobody is signed out. Try again in a moment.');
  await dana.page.getByRole('button', {name: 'Sign out everywhere else'}).click();
  await expect(dana.problem).toContainText('That did not work.');
  await expect(rows(dana)).toHaveCount(2);
});

test('in the dark', ONCE, async ({signIn}) => {
  const dana = await signIn('Dana Whitfield', {colorScheme: 'dark'});
  await signIn('Dana Whitfield', {userAgent: LAPTOP});
  await dana.page.goto('/sessions.html');
  await expect(rows(dana)).toHaveCount(2);
  await pictured(dana, 'sessions-in-the-dark');
});
