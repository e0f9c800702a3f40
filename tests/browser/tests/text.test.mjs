import {expect, test, GRACE, MARIA} from '../lib/test.mjs';

const LONG = 'The whole story of my tooth, in order: '.repeat(42).slice(0, 1590) + ' THE END…!';

// A customer's text, and its appearance on the page where that differs.
const TEXTS = [
  ['<img src=x onerror="window.ran=true">'],
  ['<script>window.ran=true</script> & <b>bold</b>'],
  ['<div hx-get="/api/session" hx-trigger="load">x</div><hx-partial>y</hx-partial>'],
  ['safe\u202Egnp.exe', 'safeRLOgnp.exe'],
  ['a\u0000b\u0007c\u009Bd', 'aNULbBELcC1d'],
  ['👩‍👩‍👧 👍🏽 see you'],
  ['هل يمكنني إحضار ابنتي معي؟'],
  ['你好,请问明天下午还有空位吗?'],
  ['one\n\n  two\nthree'],
  [LONG],
];

const looks = ([text, shown = text]) => shown;

test('what a customer writes is text and nothing else, whole, wherever it shows', async ({stack, dana}) => {
  const customers = TEXTS.map((_, index) => `+1206555${String(100 + index).padStart(4, '0')}`);
  for (const [index, [text]] of TEXTS.entries()) await stack.customerTexts(customers[index], text);
  const shown = TEXTS.map(looks).reverse();
  const contents = list => list.evaluateAll(elements => elements.map(element => element.textContent));

  await dana.opensDashboard();
  expect(await contents(dana.panel.locator('.row-text'))).toEqual(shown);
  await dana.opensMessages();
  for (const [index, preview] of (await contents(dana.inbox.locator('.conversation-text'))).entries()) {
    // A long preview ends in "…".
    const beginning = preview.replace(/…$/, '');
    expect(beginning).toBe(shown[index].slice(0, beginning.length));
    expect(preview.length).toBeGreaterThan(5);
  }
  const addresses = await dana.inbox.getByRole('link').evaluateAll(links => links.map(link => link.href));
  for (const [index, address] of addresses.entries()) {
    await dana.page.goto(address);
    const bubble = dana.page.locator('#messages .bubble');
    await expect(bubble).toHaveCount(1);
    expect(await contents(bubble.locator('bdi'))).toEqual([shown[index]]);
    await expect(bubble.locator(':not(bdi, span)'), 'no element but our own').toHaveCount(0);
    const cutOff = await bubble.evaluate(p => [p.scrollWidth - p.clientWidth, p.scrollHeight - p.clientHeight]);
    expect(cutOff, shown[index]).toEqual([0, 0]);
  }
  expect(await dana.page.evaluate(() => [window.ran, document.querySelectorAll('#messages script').length])).toEqual([undefined, 0]);
});

test('what staff write reaches the customer letter for letter', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  const texts = TEXTS.map(([text]) => text).filter(text => !text.includes('\u0000'));
  for (const [index, text] of texts.entries()) {
    await dana.replies(text);
    await dana.hasSent();
    await expect(dana.bubbles).toHaveCount(index + 2);
  }
  expect(await stack.phoneOf(MARIA)).toEqual(texts);
  expect([...texts.at(-1)]).toHaveLength(1600);
});

test('a customer writes on their phone and reads what staff answer', async ({stack, dana, openWindow}) => {
  const phone = await openWindow();
  await phone.goto('/handset');
  await phone.getByLabel('This phone').fill(GRACE);
  await phone.getByLabel('writes to').selectOption({label: 'Harbor Dental · (206) 555-0142'});
  await phone.getByLabel('Text message').fill('Do you take <b>Delta</b> Dental? 👍');
  await phone.getByRole('button', {name: 'Send'}).click();
  await expect(phone.getByLabel('Text message')).toHaveValue('');
  await dana.opensConversationWith('Delta');
  await dana.replies('We do, <i>of course</i>.');
  await expect(phone.locator('#thread p')).toHaveText(['Do you take <b>Delta</b> Dental? 👍', 'We do, <i>of course</i>.']);
  await phone.reload();
  await expect(phone.locator('#thread p')).toHaveCount(2);
  expect(await stack.phoneOf(GRACE)).toEqual(['We do, <i>of course</i>.']);
});

test('a phone that is switched off gets no text, and staff are told', {tag: '@any-width'}, async ({dana, openWindow}) => {
  const phone = await graceAsks(openWindow);
  const turned = phone.waitForResponse('**/local/handset/fate');
  await phone.getByLabel('and is').selectOption('switched off');
  expect((await turned).status()).toBe(204);
  await dana.opensConversationWith('Any news?');
  await dana.replies('Your crown is ready.');
  await expect(dana.bubbles.last()).toContainText('Not delivered: the phone is switched off or out of reach.');
});

test('the customer\'s phone also says how the carrier answers the next text, and what it says of the last one', async ({stack, dana, openWindow}) => {
  const phone = await graceAsks(openWindow);
  await stack.phoneIs('untold', GRACE);
  await phone.getByText('What its carrier does').click();
  await phone.getByLabel('The last text').selectOption('was delivered');
  await expect(phone.getByRole('alert')).toHaveText('Nothing was sent to this number.');
  await phone.getByLabel('The next text').selectOption('is refused: the budget for texts is used up');
  await expect(phone.getByRole('alert')).toHaveText('The next text is refused: the budget for texts is used up.');
  await phone.screenshot({path: `artefacts/${test.info().project.name}-handset-carrier.png`});
  await dana.opensConversationWith('Any news?');
  await dana.replies('Your crown is ready.');
  await expect(dana.bubbles.last().locator('.failed')).toContainText('budget for texts is used up');
  await dana.replies('Your crown is ready, Grace.');
  await expect(dana.bubbles.last().locator('.state')).toContainText('Sent to the carrier');
  await phone.getByLabel('The last text').selectOption('was delivered');
  await expect(phone.getByRole('alert')).toHaveText('The last text was delivered.');
  await expect(dana.bubbles.last().locator('.state')).toContainText('Delivered at');
});

/** Opens Grace's phone and sends "Any news?". Returns the phone. */
async function graceAsks(openWindow) {
  const phone = await openWindow();
  await phone.goto('/handset');
  await phone.getByLabel('This phone').fill(GRACE);
  await phone.getByLabel('Text message').fill('Any news?');
  await phone.getByRole('button', {name: 'Send'}).click();
  await expect(phone.getByLabel('Text message')).toHaveValue('');
  return phone;
}
