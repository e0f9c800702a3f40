import {expect, numbered, test, MARIA} from '../lib/test.mjs';

test.describe('with what was said before', () => {
  test.use({demo: true});

  test('a conversation opens at its newest message, each day under its own line', async ({dana}) => {
    await dana.opensConversationWith('Maria Lopez');
    await dana.seesTheEnd();
    await expect(dana.head).toContainText('Maria Lopez');
    await expect(dana.head).toContainText('(425) 555-0182');
    await expect(dana.page).toHaveTitle('Maria Lopez · Switchboard');
    const days = await dana.thread.evaluate(list =>
      [...list.querySelectorAll('.message')].map(message => new Date(message.dataset.at).toDateString()));
    await expect(dana.page.locator('#messages .day')).toHaveCount(new Set(days).size);
    await expect(dana.page.locator('#messages .day').last()).toHaveText(/Today|Yesterday/);
  });

  test('each message says when, ours also by whom and that it is sent', {tag: '@any-width'}, async ({dana}) => {
    await dana.opensConversationWith('Maria Lopez');
    const theirs = dana.page.locator('.theirs').last();
    const ours = dana.page.locator('.ours').last();
    await expect(theirs.locator('time')).toHaveText(/^\d{1,2}:\d\d [AP]M$/);
    await expect(theirs.locator('time')).toHaveAttribute('title', /\d{4}/);
    await expect(ours.locator('.meta')).toContainText('Priya Natarajan');
    await expect(ours.locator('.state')).toContainText('Delivered at');
  });

  test('a message that did not go out says why, for everybody', {tag: '@any-width'}, async ({stack, dana, marcus}) => {
    await stack.carrierWill('spend-limit', MARIA);
    await Promise.all([dana, marcus].map(staff => staff.opensConversationWith('Maria Lopez')));
    await dana.replies('No problem.');
    for (const staff of [dana, marcus]) await expect(staff.page.locator('.ours .failed')).toContainText('budget for texts is used up');
  });
});

test('two members of staff and the customer see one and the same conversation', {tag: '@any-width'}, async ({stack, dana, marcus}) => {
  await stack.customerTexts(MARIA, 'Running 10 min late, ok?');
  await dana.opensConversationWith('Running');
  await marcus.opensConversationWith('Running');
  await dana.replies('No problem.');
  await dana.hasSent();
  await expect(marcus.bubbles).toHaveCount(2);
  await marcus.replies('See you soon, Maria.');
  await marcus.hasSent();
  await expect(dana.bubbles).toHaveCount(3);
  await stack.customerTexts(MARIA, 'Thanks!');
  const said = ['Running 10 min late, ok?', 'No problem.', 'See you soon, Maria.', 'Thanks!'];
  await expect.poll(() => dana.said()).toEqual(said);
  await expect.poll(() => marcus.said()).toEqual(said);
  await expect(marcus.bubbles.nth(1)).toContainText('Dana Whitfield');
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.', 'See you soon, Maria.']);
});

test('earlier messages come on demand, and what is being read stays where it is', async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(70));
  await dana.opensConversationWith('text 70');
  await expect(dana.bubbles).toHaveCount(30);
  for (const there of [60, 70]) {
    await dana.earlier.scrollIntoViewIfNeeded();
    const first = dana.page.locator(`#${await dana.bubbles.first().getAttribute('id')}`);
    const before = await first.boundingBox();
    await dana.earlier.click();
    await expect(dana.bubbles).toHaveCount(there);
    expect(Math.abs((await first.boundingBox()).y - before.y)).toBeLessThan(24);
  }
  await expect.poll(() => dana.said()).toEqual(numbered(70));
  await expect(dana.earlier).toHaveCount(0);
});

test('a reply leaves the way to earlier messages open', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(70));
  await dana.opensConversationWith('text 70');
  await dana.earlier.click();
  await expect(dana.bubbles).toHaveCount(60);
  await dana.replies('All noted.');
  await expect(dana.bubbles).toHaveCount(61);
  await dana.earlier.click();
  await expect.poll(() => dana.said()).toEqual([...numbered(70), 'All noted.']);
});

test('a reader at the end stays there as texts come', async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(29));
  await dana.opensConversationWith('text 29');
  await stack.customerTexts(MARIA, 'One more\nof several\nlines');
  await expect(dana.bubbles.last()).toContainText('One more');
  await dana.seesTheEnd();
  await expect(dana.jump).toBeHidden();
});

test('a reader further up is not moved, and is told of what came', async ({stack, dana}) => {
  await stack.customerTextsAll(MARIA, numbered(29));
  await dana.opensConversationWith('text 29');
  await dana.seesTheEnd();
  await dana.thread.evaluate(list => { list.scrollTop = 100; });
  const read = dana.thread.getByText('text 5', {exact: true});
  const before = await read.boundingBox();
  await stack.customerTexts(MARIA, 'One more');
  await expect(dana.jump).toBeVisible();
  expect(await read.boundingBox()).toEqual(before);
  await dana.jump.click();
  await dana.seesTheEnd();
  await expect(dana.bubbles.last()).toBeInViewport();
  await expect(dana.jump).toBeHidden();
});

test('an address of no conversation says so, and offers nothing to send', async ({dana}) => {
  await dana.page.goto('/conversation.html?c=nonsense');
  await expect(dana.problem).toContainText('There is no such conversation');
  await expect(dana.reply).toBeHidden();
});

test('what was not delivered leaves the customer waiting, in red, on every screen', async ({stack, dana, marcus}) => {
  await stack.customerTexts(MARIA, 'Can I come at 4?');
  await marcus.opensDashboard();
  const row = marcus.page.locator('.row').first();
  await expect(row).toHaveClass(/waits/);
  await stack.carrierWill('spend-limit', MARIA);
  await dana.opensConversationWith('Can I come');
  await dana.replies('Yes.');
  await expect(dana.page.locator('.ours .failed')).toContainText('budget for texts is used up');
  await expect(dana.head.locator('.not-delivered')).toHaveText('Not delivered');
  await expect(row.locator('.not-delivered'), 'the Dashboard says so by itself').toHaveText('Answer not delivered');
  await expect(row).toHaveClass(/waits/);
  const red = await row.locator('.not-delivered').evaluate(said => getComputedStyle(said).color);
  expect(red).toBe(await dana.page.locator('.ours .failed').evaluate(said => getComputedStyle(said).color));
  await marcus.opensMessages();
  const conversation = marcus.page.locator('.conversation').first();
  await expect(conversation.locator('.not-delivered')).toHaveText('Not delivered');
  await expect(conversation.locator('.count')).toContainText('1');

  await expect(dana.reply).toHaveValue('Yes.');
  await expect(dana.problem).toContainText('budget for texts');
  await dana.page.getByRole('button', {name: 'Send again'}).click();
  await dana.hasSent();
  await expect(dana.reply, 'it is not there to be sent a second time').toHaveValue('');
  await expect(dana.problem).toHaveCount(0);
  await expect(dana.head.locator('.not-delivered')).toHaveCount(0);
  await expect(conversation).not.toHaveClass(/waits/);
  await dana.page.reload();
  await expect(dana.reply).toHaveValue('');
  expect(await stack.phoneOf(MARIA)).toEqual(['Yes.']);
});

test('what is written in place of a refused text is not lost when that is sent again', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Can I come at 4?');
  await stack.carrierWill('spend-limit', MARIA);
  await dana.opensConversationWith('Can I come');
  await dana.replies('Yes.');
  await expect(dana.page.locator('.ours .failed')).toBeVisible();
  await dana.reply.fill('And bring your card.');
  await dana.page.getByRole('button', {name: 'Send again'}).click();
  await expect.poll(() => stack.phoneOf(MARIA)).toEqual(['Yes.']);
  await expect(dana.problem).toHaveCount(0);
  await expect(dana.reply).toHaveValue('And bring your card.');
});

test('CANCEL asks for a look at the appointment, until somebody says that it is done', {tag: '@any-width'}, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'My tooth broke, can I come today?');
  await stack.customerTexts(MARIA, 'CANCEL');
  await dana.opensConversationWith('CANCEL');
  const asked = dana.bubbles.last().locator('.done');
  await expect(asked).toContainText('Opted out of texts. They may mean their appointment');
  await expect(dana.head.getByRole('link', {name: '555-0182'})).toHaveAttribute('href', `tel:${MARIA}`);
  await asked.getByRole('button', {name: 'Done'}).click();
  await expect(asked.getByRole('button')).toBeHidden();
  await expect(asked).toContainText('Opted out of texts.');
  await dana.opensMessages();
  await expect(dana.inbox.getByRole('listitem').first()).not.toHaveClass(/waits/);
});
