import {expect, numbered, onPhone, test, GRACE, MARIA, SAM} from '../lib/test.mjs';

test('the inbox shows each customer once, the latest first, with how many texts wait', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await stack.customerTextsAll(SAM, ['Is it open today?', 'And tomorrow?']);
  await dana.opensMessages();
  const rows = dana.inbox.getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('And tomorrow?');
  await expect(rows.first().locator('.count')).toHaveText('2 unanswered');
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(rows.first()).toContainText('Are you there?');
  await expect(rows).toHaveCount(2);
});

test('a customer who writes while the inbox is read keeps the focus on their row as it moves up', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await stack.customerTexts(SAM, 'Is it open today?');
  await dana.opensMessages();
  await dana.inbox.getByRole('link').filter({hasText: 'Hello'}).focus();
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(dana.inbox.getByRole('listitem').first()).toContainText('Are you there?');
  await expect(dana.inbox.getByRole('listitem').first().getByRole('link')).toBeFocused();
});

test('a conversation is beside the inbox on a desktop, and in its place on a phone with a way back', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await stack.customerTexts(GRACE, 'Do you take Delta Dental?');
  await dana.opensConversationWith('Delta');
  const back = dana.page.getByRole('link', {name: 'Back to all conversations'});
  if (onPhone()) {
    await expect(dana.inbox).toBeHidden();
    await back.click();
    await expect(dana.inbox.getByRole('listitem')).toHaveCount(2);
    await expect(dana.thread).toBeHidden();
  } else {
    await expect(back).toBeHidden();
    await expect(dana.inbox.locator('[aria-current]')).toContainText('Delta');
    const [list, thread] = await Promise.all([dana.inbox.boundingBox(), dana.thread.boundingBox()]);
    expect(list.x + list.width).toBeLessThanOrEqual(thread.x);
  }
});

test('the inbox pages through every customer, none missing and none twice, while some write again', {tag: '@any-width'}, async ({stack, dana}) => {
  const numbers = Array.from({length: 40}, (_, index) => `+1206555${String(100 + index).padStart(4, '0')}`);
  for (const [index, number] of numbers.entries()) await stack.customerTexts(number, `text ${index + 1}`);
  await dana.opensMessages();
  await expect(dana.inbox.locator('.conversation')).toHaveCount(25);
  // Moves the conversation from below the first page to its top.
  await stack.customerTexts(numbers[2], 'text 41');
  await expect(dana.inbox.locator('.conversation').first()).toContainText('text 41');
  await dana.earlier.click();
  const order = numbered(41).reverse().filter(text => text !== 'text 3');
  await expect(dana.inbox.locator('.conversation-text')).toHaveText(order);
  await expect(dana.earlier).toHaveCount(0);
});

test('before anybody has texted, the inbox says so', {tag: '@any-width'}, async ({dana}) => {
  await dana.opensMessages();
  await expect(dana.inbox).toContainText('No conversations in the last 30 days.');
});
