// The back/forward cache: a browser keeps whole pages in memory, which the next person at the desk must not see.
import {expect, test as base, MARIA} from '../lib/test.mjs';

const test = base.extend({
  // Playwright disables the cache in Chromium.
  launchOptions: [async ({launchOptions}, use) => use({...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache']}), {scope: 'worker'}],
});
test.use({connectionFails: true});

const ONCE = {tag: '@any-width'};

/** Goes back. Returns whether the page is the one from the cache, and its visible text. */
async function back(page) {
  await page.evaluate(() => history.back()).catch(() => {});
  await page.waitForTimeout(2000);
  return page.evaluate(() => ({
    same: globalThis.isSame === true,
    shown: getComputedStyle(document.body).visibility === 'visible' ? document.body.innerText : '',
  }));
}

/** Opens a conversation, and marks the page so that it can be recognised. */
async function opens(stack, dana) {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await expect(dana.page.locator('.account')).toContainText('Dana');
  await dana.page.evaluate(() => { globalThis.isSame = true; });
}

test('Back shows a page from the memory again once its session is confirmed', ONCE, async ({stack, dana}) => {
  await opens(stack, dana);
  await dana.page.goto('/help-answering.html');
  expect(await back(dana.page)).toEqual({same: true, shown: expect.stringContaining('Hello')});
});

const BREAKS = [
  ['', () => {}],
  [', also without a connection', page => page.context().setOffline(true)],
  [', also while nothing answers', (page, stack) => stack.hangs()],
];

for (const [name, breaks] of BREAKS) {
  test(`after signing out, Back shows nothing of a page${name}`, ONCE, async ({stack, dana}) => {
    await opens(stack, dana);
    await dana.page.getByRole('button', {name: 'Sign out'}).click();
    await expect(dana.page).toHaveURL(/sign-in\.html#signed-out/);
    await breaks(dana.page, stack);
    expect((await back(dana.page)).shown).not.toContain('Hello');
  });

  // The browser has not cleared its cache then. The same is true after signing out in a browser without Clear-Site-Data.
  test(`nor does it once the session is over${name}`, ONCE, async ({stack, dana}) => {
    await opens(stack, dana);
    await dana.page.goto('/help-answering.html');
    await dana.page.context().clearCookies();
    await breaks(dana.page, stack);
    const {same, shown} = await back(dana.page);
    expect(shown).not.toContain('Hello');
    if (name) expect(same, 'it is hidden, and not gone').toBe(true);
    else await expect(dana.page).toHaveURL(/sign-in\.html/);
  });
}
