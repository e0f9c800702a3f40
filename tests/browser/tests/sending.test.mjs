import {expect, test, MARIA} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

test.beforeEach(async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Running 10 min late, ok?');
  await dana.opensConversationWith('Running');
});

test('a reply is in the thread at once, on the phone once, and the field is empty again', async ({stack, dana}) => {
  await dana.replies('No problem.');
  await expect(dana.bubbles.last()).toContainText('No problem.');
  await expect(dana.reply).toHaveValue('');
  await expect(dana.reply).toBeFocused();
  await dana.seesTheEnd();
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
});

for (const keys of ['Control+Enter', 'Meta+Enter']) {
  test(`${keys} sends, Enter begins a new line`, ONCE, async ({stack, dana}) => {
    await dana.reply.pressSequentially('No problem.');
    await dana.reply.press('Enter');
    await dana.reply.pressSequentially('See you soon.');
    await dana.reply.press(keys);
    await dana.hasSent();
    await expect(dana.bubbles).toHaveCount(2);
    expect(await stack.phoneOf(MARIA)).toEqual(['No problem.\nSee you soon.']);
  });
}

test('the counter tells how many SMS a text becomes', ONCE, async ({dana}) => {
  const counter = dana.page.locator('#segments');
  for (const [text, says] of [
    ['', ''],
    ['a'.repeat(160), '160/160 · 1 SMS'],
    ['a'.repeat(161), '161/306 · 2 SMS'],
    ['€'.repeat(80), '160/160 · 1 SMS'],
    ['明'.repeat(70), '70/70 · 1 SMS'],
    ['明'.repeat(71), '71/134 · 2 SMS'],
    ['👍'.repeat(35), '70/70 · 1 SMS'],
    // A character of two positions is not divided between two segments.
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, '307/459 · 3 SMS'],
    [`${'ж'.repeat(66)}😀${'ж'.repeat(66)}`, '135/201 · 3 SMS'],
    ['😀'.repeat(67), '136/201 · 3 SMS'],
    [`${'a'.repeat(151)}€${'a'.repeat(153)}`, '306/306 · 2 SMS'],
  ]) {
    await dana.reply.fill(text);
    await expect(counter).toHaveText(says);
  }
});

test('what the carrier refuses can be sent again with the same press of Send', ONCE, async ({stack, dana}) => {
  await stack.carrierWill('spend-limit', MARIA);
  await dana.replies('No problem.');
  await expect(dana.problem).toBeVisible();
  await expect(dana.reply).toHaveValue('No problem.');
  await dana.send.click();
  await expect(dana.problem).toHaveCount(0);
  await expect(dana.reply).toHaveValue('');
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
});

test('when nobody knows whether a text went out, it is not said to be sent', ONCE, async ({stack, dana}) => {
  await stack.phoneIs('untold', MARIA);
  await stack.carrierWill('silent', MARIA);
  await dana.replies('No problem.');
  await expect(dana.page.locator('.ours .state')).toContainText('We don\'t know whether this went out');
  await expect(dana.reply).toHaveValue('');
});

test('a reply is marked as sent, and as delivered once the carrier says so', async ({stack, dana}) => {
  await stack.phoneIs('untold', MARIA);
  await dana.replies('No problem.');
  await expect(dana.bubbles.last().locator('.state')).toHaveText(/✓Sent to the carrier at \d/);
  await stack.post('/local/carrier/receipts', {to: MARIA, event: 'TEXT_DELIVERED', final: true});
  await expect(dana.bubbles.last().locator('.state')).toHaveText(/✓✓Delivered at \d/);
});

test('a reply that does not arrive says why, and is sent again with one press', async ({stack, dana}) => {
  await stack.phoneIs('unreachable', MARIA);
  await dana.replies('No problem.');
  await expect(dana.bubbles.last()).toContainText('Not delivered: the phone is switched off or out of reach.');
  await stack.phoneIs('delivered', MARIA);
  await dana.page.getByRole('button', {name: 'Send again'}).click();
  await expect(dana.bubbles).toHaveCount(3);
  await expect(dana.bubbles.last()).toContainText('sent again');
  await expect(dana.bubbles.last().locator('.state')).toContainText('Delivered');
  await expect(dana.page.getByRole('button', {name: 'Send again'})).toHaveCount(0);
  await expect(dana.bubbles.nth(1)).toContainText('Sent again.');
  await dana.seesTheEnd();
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.', 'No problem.']);
});

test('another try that is refused says so where it was asked for, and can be tried again', ONCE, async ({stack, dana}) => {
  for (let tries = 0; tries < 2; tries += 1) await stack.carrierWill('spend-limit', MARIA);
  await dana.replies('No problem.');
  await dana.page.getByRole('button', {name: 'Send again'}).click();
  await expect(dana.problem).toContainText('budget for texts is used up');
  await expect(dana.bubbles).toHaveCount(3);
  await expect(dana.page.getByRole('button', {name: 'Send again'})).toHaveCount(1);
  await dana.page.getByRole('button', {name: 'Send again'}).click();
  await expect(dana.bubbles).toHaveCount(4);
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
});

test('where no more is sent for now it is said so, and the text stays for later', async ({stack, dana}) => {
  // Waits for a minute that has time for all of them.
  const left = 60_000 - Date.now() % 60_000;
  if (left < 20_000) await dana.page.waitForTimeout(left);
  const conversation = new URL(dana.page.url()).searchParams.get('c');
  for (let number = 1; number <= 10; number += 1) {
    const sent = await dana.page.request.post(`/api/conversations/${conversation}/messages`, {data: {text: `text ${number}`}});
    expect(sent.status(), await sent.text()).toBe(201);
  }
  await dana.replies('And one more.');
  await expect(dana.problem).toContainText('this customer has been sent 10 texts this minute, the most that is allowed');
  await expect(dana.reply).toHaveValue('And one more.');
  expect(await stack.phoneOf(MARIA)).toHaveLength(10);
});

test('an empty reply is not sent', ONCE, async ({dana}) => {
  await dana.replies('   ');
  await expect(dana.problem).toHaveText(/There is nothing to send yet/);
  await expect(dana.bubbles).toHaveCount(1);
});

test('what is written on while a reply is on its way stays', ONCE, async ({stack, dana}) => {
  let letGo;
  const held = new Promise(resolve => { letGo = resolve; });
  await dana.page.route('**/messages', async route => {
    if (route.request().method() === 'POST') await held;
    await route.continue();
  });
  await dana.replies('No problem.');
  await expect(dana.send).toBeDisabled();
  await dana.reply.press('End');
  await dana.reply.pressSequentially(' See you soon.');
  await dana.reply.press('Control+Enter');
  letGo();
  await expect(dana.bubbles).toHaveCount(2);
  await expect(dana.reply).toHaveValue('See you soon.');
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
});

test('a draft is there again after a reload, and gone once it is sent', async ({dana}) => {
  await dana.reply.fill('No prob');
  await dana.page.reload();
  await expect(dana.reply).toHaveValue('No prob');
  await dana.replies('No problem.');
  await dana.hasSent();
  await dana.page.reload();
  await expect(dana.bubbles).toHaveCount(2);
  await expect(dana.reply).toHaveValue('');
});

test.describe('when the answer to Send is lost on its way', () => {
  test.use({connectionFails: true});

  test.beforeEach(async ({dana}) => {
    let lost = false;
    await dana.page.route('**/messages', async route => {
      const request = route.request();
      if (lost || request.method() !== 'POST') return route.fallback();
      lost = true;
      // `route.fetch` drops the headers that only the browser sets, so this one is set again.
      const answer = await route.fetch({headers: {...request.headers(), 'sec-fetch-site': 'same-origin'}});
      expect(answer.status()).toBe(201);
      await route.abort();
    });
    await dana.replies('No problem.');
    await expect(dana.problem).toContainText('it will not be sent twice');
    await expect(dana.reply).toHaveValue('No problem.');
  });

  test('the text stays, and a second press of Send does not send it twice', async ({stack, dana}) => {
    await dana.send.click();
    await expect(dana.reply).toHaveValue('');
    await expect(dana.problem).toHaveCount(0);
    await expect(dana.bubbles).toHaveCount(2);
    expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
  });

  test('nor does one after a reload', ONCE, async ({stack, dana}) => {
    await dana.page.reload();
    await expect(dana.reply).toHaveValue('No problem.');
    await dana.send.click();
    await expect(dana.reply).toHaveValue('');
    expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
  });

  test('another text under it is another message', ONCE, async ({stack, dana}) => {
    await dana.replies('No problem at all.');
    await expect(dana.reply).toHaveValue('');
    expect(await stack.phoneOf(MARIA)).toEqual(['No problem.', 'No problem at all.']);
  });
});
