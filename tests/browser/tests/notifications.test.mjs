import {expect, numbered, test, MARIA, SAM} from '../lib/test.mjs';

test('every notification can be reached, none twice, while new ones come', async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(60));
  await dana.opensNotifications();
  const texts = dana.feed.locator('.row-text');
  const asked = [];
  dana.page.on('request', request => request.url().includes('before=') && asked.push(request.url()));
  await expect(texts).toHaveText(numbered(25, 36).reverse());
  await stack.customerTextsAll(SAM, numbered(4, 61));
  await dana.earlier.click();
  await expect(dana.feed.getByText('text 11', {exact: true})).toBeVisible();
  await stack.customerTextsAll(SAM, numbered(3, 65));
  await dana.earlier.click();
  await expect(texts).toHaveText(numbered(67).reverse());
  await expect(dana.earlier).toHaveCount(0);
  // A refresh of the newest page keeps the rows that were loaded.
  await stack.customerTexts(SAM, 'text 68');
  await expect(texts).toHaveText(numbered(68).reverse());
  await expect(dana.earlier).toHaveCount(0);
  expect(asked, 'no older page was asked for twice').toEqual([...new Set(asked)]);
});

test('with the keyboard, "Show earlier ones" goes on at the first that it brought', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(30));
  await dana.opensNotifications();
  await dana.earlier.focus();
  await dana.page.keyboard.press('Enter');
  await expect(dana.feed.getByRole('listitem')).toHaveCount(30);
  const next = dana.feed.getByRole('listitem').filter({has: dana.page.getByText('text 5', {exact: true})});
  await expect(next.getByRole('link')).toBeFocused();
});

test.describe('after a sleep', () => {
  test.use({connectionFails: true});

  test('more than a page of new texts is caught up with, and nothing between is left out', {tag: '@any-width'}, async ({stack, dana}) => {
    await stack.customerTextsAll(MARIA, numbered(10));
    await dana.opensNotifications();
    await dana.page.context().setOffline(true);
    await stack.customerTextsAll(SAM, numbered(70, 11));
    await dana.page.context().setOffline(false);
    await expect(dana.feed.locator('.row-text')).toHaveText(numbered(80).reverse());
    await expect(dana.earlier).toHaveCount(0);
  });
});
