import {expect, test, GRACE, MARIA} from '../lib/test.mjs';

async function writes(staff, to, text) {
  await staff.page.getByRole('link', {name: 'New message'}).click();
  // The first response restores a draft, which would overwrite what a test types.
  await expect(staff.page.locator('.account-name')).toBeAttached();
  await staff.page.getByLabel('Mobile number').fill(to);
  await staff.page.getByLabel('Message', {exact: true}).fill(text);
  await staff.send.click();
}

test('a message to any mobile number goes out and ends in the conversation', async ({stack, dana}) => {
  await writes(dana, '206-555-0126', 'Hi Grace, this is Harbor Dental.');
  await dana.page.waitForURL('**/conversation.html?c=*');
  await expect(dana.head).toContainText('(206) 555-0126');
  await expect.poll(() => dana.said()).toEqual(['Hi Grace, this is Harbor Dental.']);
  expect(await stack.phoneOf(GRACE)).toEqual(['Hi Grace, this is Harbor Dental.']);
  await stack.customerTexts(GRACE, 'Hello!');
  await expect(dana.bubbles).toHaveCount(2);
  await dana.page.getByRole('link', {name: 'New message'}).click();
  await expect(dana.page.getByLabel('Mobile number')).toHaveValue('');
});

test('a message to a customer who has texted goes on in their conversation', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await writes(dana, '+1 (425) 555-0182', 'Hello Maria.');
  await dana.page.waitForURL('**/conversation.html?c=*');
  await expect.poll(() => dana.said()).toEqual(['Hello', 'Hello Maria.']);
});

test('what is no mobile number is refused in a sentence, and what was written stays', async ({stack, signIn}) => {
  const josie = await signIn('Josie Nguyen');
  for (const [number, reason] of [
    ['(02) 9374 4000', 'is a landline'],
    ['call me', 'That is not a phone number'],
    ['12345', 'is not a number that exists'],
    ['0491 570 006', 'is your own number'],
    ['+44 7400 123456', 'does not text to the country of this number (GB)'],
  ]) {
    await writes(josie, number, 'Can you come at four?');
    await expect(josie.problem).toContainText(reason);
    await expect(josie.page.getByLabel('Mobile number')).toHaveValue(number);
    await expect(josie.page.getByLabel('Message', {exact: true})).toHaveValue('Can you come at four?');
  }
  await josie.page.reload();
  await expect(josie.page.getByLabel('Message', {exact: true})).toHaveValue('Can you come at four?');
  await josie.page.getByLabel('Mobile number').fill('0491 570 156');
  await josie.send.click();
  await josie.page.waitForURL('**/conversation.html?c=*');
  expect(await stack.phoneOf('+61491570156')).toEqual(['Can you come at four?']);
});
