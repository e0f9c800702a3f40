import {expect, test, HARBOR, MARIA, SAM} from '../lib/test.mjs';

test.use({demo: true});

/** Opens the customer's phone in a window of its own, with an incoming call. */
async function ringing(openWindow, number) {
  const phone = await openWindow();
  await phone.goto(`/handset?from=${encodeURIComponent(number)}&to=${encodeURIComponent(HARBOR)}`);
  await phone.getByRole('button', {name: 'Get a confirmation call'}).click();
  await expect(phone.getByRole('heading', {name: 'Harbor Dental'})).toBeVisible();
  await expect(phone.getByText('is calling')).toBeVisible();
  return phone;
}

const press = (phone, name) => phone.getByRole('button', {name, exact: true}).click();

test('a customer answers a call and presses a key: it is a notification and a line in the conversation', async ({openWindow, dana}) => {
  await dana.opensDashboard();
  const phone = await ringing(openWindow, MARIA);
  await press(phone, 'Answer');
  await expect(phone.getByText(/Harbor Dental, about your appointment .* press 1/)).toBeVisible();
  await press(phone, '1');
  await expect(phone.getByText('Your appointment is confirmed')).toBeVisible();
  await expect(phone.getByText('Call ended')).toBeVisible();
  await expect(phone.getByText('Call ended'), 'and the phone is free again').toBeHidden();

  const row = dana.panel.getByRole('listitem').first();
  await expect(row.locator('.row-text')).toHaveText('Confirmed by phone');
  await expect(row.locator('.row-mark')).toHaveText('Call');
  await expect(row).toContainText('Maria Lopez');
  await expect(row.locator('.row-next .status'), 'what the appointment is today is not what the call made of it').toHaveCount(0);
  await row.getByRole('link', {name: /^View Conversation with/}).click();
  const line = dana.page.locator('#messages .call');
  await expect(line).toContainText('Confirmed by phone');
  await expect(line.locator('.bubble')).toHaveCount(0);
  const [list, at] = await Promise.all([dana.thread.boundingBox(), line.boundingBox()]);
  expect(Math.abs(list.x + list.width / 2 - at.x - at.width / 2), 'it stands on nobody’s side').toBeLessThan(12);
  await dana.seesTheEnd();
  await dana.opensMessages();
  await expect(dana.inbox.getByRole('link').first()).toContainText('Confirmed by phone');
  await expect(dana.inbox.getByRole('link').first().locator('.conversation-text .icon')).toBeVisible();
});

test('who cannot come is marked until staff have written, and the line shows in an open conversation by itself', async ({openWindow, dana}) => {
  await dana.opensConversationWith('Sam Okafor');
  const phone = await ringing(openWindow, SAM);
  await press(phone, 'Answer');
  await press(phone, '3');
  await expect(dana.page.locator('#messages .call')).toContainText('Asked by phone to reschedule');
  await dana.replies('How about Thursday at 10?');
  await dana.hasSent();
  await expect(dana.bubbles.last()).toContainText('How about Thursday at 10?');
  await dana.opensDashboard();
  const row = dana.panel.getByRole('listitem').filter({hasText: 'Asked by phone to reschedule'});
  await expect(row.locator('.dot')).toHaveCount(0);
  const again = await ringing(openWindow, SAM);
  await press(again, 'Answer');
  await press(again, '2');
  const declined = dana.panel.getByRole('listitem').filter({hasText: 'Declined by phone'});
  await expect(declined.locator('.dot')).toBeVisible();
  await expect(declined.locator('.row-mark')).toHaveText('Call, needs an answer');
});

for (const [button, words] of [
  ['Decline', 'Called, no answer'],
  ['nobody hears it', 'Called, no answer'],
  ['voicemail takes it', 'Called, reached voicemail'],
  ['the line is dead', 'Called, but the call could not be put through'],
]) {
  test(`a call that nobody answers is told: ${button}`, {tag: '@any-width'}, async ({openWindow, dana}) => {
    const phone = await ringing(openWindow, MARIA);
    await press(phone, button);
    await expect(phone.getByText('Call ended')).toBeVisible();
    await dana.opensDashboard();
    const row = dana.panel.getByRole('listitem').first();
    await expect(row.locator('.row-text')).toHaveText(words);
    await expect(row.locator('.dot')).toHaveCount(0);
  });
}

test('a number without an appointment is not called, and the phone says why', {tag: '@any-width'}, async ({openWindow}) => {
  const phone = await openWindow();
  await phone.goto(`/handset?from=${encodeURIComponent('+12535550161')}&to=${encodeURIComponent(HARBOR)}`);
  await phone.getByRole('button', {name: 'Get a confirmation call'}).click();
  await expect(phone.getByRole('alert')).toContainText('no appointment coming up');
});

test('a call fits the screen and holds still', async ({openWindow}) => {
  const phone = await ringing(openWindow, MARIA);
  const room = await phone.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(room[0]).toBeLessThanOrEqual(room[1]);
  await press(phone, 'Answer');
  await expect(phone.locator('.keys button')).toHaveText(['1', '2', '3']);
  const keys = await phone.locator('.keys button').all();
  for (const key of keys) expect((await key.boundingBox()).width, 'big enough for a thumb').toBeGreaterThanOrEqual(44);
  const before = await phone.locator('.call').innerHTML();
  await phone.waitForResponse(response => new URL(response.url()).pathname === '/local/handset/call');
  await phone.waitForResponse(response => new URL(response.url()).pathname === '/local/handset/call');
  expect(await phone.locator('.call').innerHTML(), 'looking again draws nothing anew').toBe(before);
});
