import {expect, numbered, test, GRACE, MARIA, SAM} from '../lib/test.mjs';

/** Sends texts of `count` customers, one after another: `text 1` to `text n`. */
async function customersText(stack, count) {
  for (const text of numbered(count)) await stack.customerTexts(`+1206555${text.slice(5).padStart(4, '0')}`, text);
}

test('the panel shows the ten newest notifications, the newest first', {tag: '@any-width'}, async ({stack, dana}) => {
  await customersText(stack, 12);
  await dana.opensDashboard();
  await expect(dana.page.getByRole('heading', {level: 1})).toHaveText('Recent SMS and Confirmation Call Notifications');
  await expect(dana.panel.locator('.row-text')).toHaveText(numbered(10, 3).reverse());
  await expect(dana.panel.locator('.older')).toHaveCount(0);
});

test('one customer who writes much is one row with a count, and their conversation has it all', async ({stack, dana}) => {
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTextsAll(MARIA, numbered(15));
  await dana.opensDashboard();
  await expect(dana.panel.locator('.row-text')).toHaveText(['text 15', 'Is it open today?']);
  await expect(dana.panel.locator('.row-more')).toHaveText(['and 14 more']);
  await dana.isLive();
  await stack.customerTexts(MARIA, 'A longer text, which goes on for so long that it takes more than one line of the row in which it stands: so what? '.repeat(2));
  await expect(dana.panel.locator('.row-more')).toHaveText(['and 15 more']);
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-dashboard-much.png`});
  await stack.customerTexts(SAM, 'Anybody?');
  await expect(dana.panel.locator('.row-text').first()).toHaveText('Anybody?');
  await expect(dana.panel.locator('.row-more')).toHaveText(['and 1 more', 'and 15 more']);
  await dana.panel.getByRole('listitem').filter({hasText: 'A longer text'}).getByRole('link').click();
  await expect(dana.bubbles).toHaveCount(16);
  await dana.opensNotifications();
  await expect(dana.feed.locator('.row')).toHaveCount(18);
  await expect(dana.feed.locator('.row-more')).toHaveCount(0);
});

test('a text shows in the panel by itself, and the rows that were there stay the same elements', {tag: '@any-width'}, async ({stack, dana}) => {
  await customersText(stack, 3);
  await dana.opensDashboard();
  await dana.panel.evaluate(list => {
    [...list.children].forEach((row, place) => { row.mark = place; });
    list.taken = 0;
    new MutationObserver(changes => { list.taken += changes.flatMap(change => [...change.removedNodes]).length; })
      .observe(list, {childList: true});
  });
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect(dana.panel.getByRole('listitem')).toHaveCount(4);
  await expect(dana.panel.locator('.row-text').first()).toHaveText('Is it open today?');
  expect(await dana.panel.evaluate(list => [[...list.children].map(row => row.mark), list.taken]))
    .toEqual([[undefined, 0, 1, 2], 0]);
});

test('the focus on a button stays where it is when texts come, also from the same customer', async ({stack, dana}) => {
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensDashboard();
  const button = text => dana.panel.getByRole('listitem').filter({hasText: text}).getByRole('link');
  await button('Is it open today?').focus();
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(dana.panel.locator('.row-text')).toHaveText(['Are you there?', 'Is it open today?']);
  await expect(button('Is it open today?')).toBeFocused();
  await stack.customerTexts(SAM, 'Anybody?');
  await expect(dana.panel.locator('.row-text')).toHaveText(['Anybody?', 'Are you there?']);
  await expect(button('Anybody?')).toBeFocused();
});

test('nothing is sent again while nothing has changed', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensDashboard();
  await dana.refreshed('/api/notifications', 304);
  await stack.customerTexts(MARIA, 'Are you there?');
  await dana.refreshed('/api/notifications', 200);
  await dana.refreshed('/api/notifications', 304);
  await expect(dana.panel.getByRole('listitem')).toHaveCount(1);
});

test('View Conversation is green and leads to that customer; View All leads to all notifications', async ({stack, dana}) => {
  await stack.customerTexts(GRACE, 'Do you take Delta Dental?');
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensDashboard();
  const view = dana.panel.getByRole('listitem').filter({hasText: 'Delta'}).getByRole('link', {name: /^View Conversation with/});
  const [, lightness, , hue] = (await view.evaluate(link => getComputedStyle(link).backgroundColor)).match(/oklch\((\S+) (\S+) (\S+)\)/).map(Number);
  expect(hue).toBeGreaterThan(130);
  expect(hue).toBeLessThan(170);
  expect(lightness).toBeLessThan(0.6);
  await dana.page.getByRole('link', {name: 'View All'}).click();
  await expect(dana.page).toHaveURL(/\/notifications\.html$/);
  await dana.opensDashboard();
  await view.click();
  await expect(dana.bubbles).toHaveCount(1);
  await expect(dana.bubbles).toContainText('Do you take Delta Dental?');
});

test('who waits for an answer is marked at the latest of their texts, until there is one', {tag: '@any-width'}, async ({stack, dana, marcus}) => {
  await stack.customerTextsAll(MARIA, ['Hello', 'Are you there?']);
  await dana.opensDashboard();
  await expect(dana.panel.locator('.waits .row-text')).toHaveText(['Are you there?']);
  await expect(dana.panel.locator('.waits')).toContainText('needs an answer');
  await marcus.opensConversationWith('Are you there?');
  await marcus.replies('Yes, we are.');
  await expect(dana.panel.locator('.waits')).toHaveCount(0);
  await expect(dana.panel.getByRole('listitem')).toHaveCount(1);
});

test('before anybody has texted, the panel says so', {tag: '@any-width'}, async ({dana}) => {
  await dana.opensDashboard();
  await expect(dana.panel.getByRole('listitem')).toHaveText(/^Nothing in the last 30 days/);
});
