import {booked, opensAppointment} from '../lib/appointments.mjs';
import {expect, numbered, test, MARIA, SAM} from '../lib/test.mjs';

const ONCE = {tag: '@any-width'};

test.describe('without a single refresh', () => {
  // The tests abort requests, which writes errors to the console.
  test.use({connectionFails: true});

  test('a thread grows as its customer writes', async ({stack, dana}) => {
    await stack.customerTexts(MARIA, 'Hello');
    await dana.opensConversationWith('Hello');
    await dana.isLive();
    await dana.refreshesNoMore();
    await stack.customerTexts(MARIA, 'Are you there?');
    await expect.poll(() => dana.said()).toEqual(['Hello', 'Are you there?']);
    await expect(dana.bubbles.last().locator('time')).toHaveText(/^\d{1,2}:\d\d [AP]M$/);
    await dana.seesTheEnd();
  });

  test('beside an appointment the conversation grows as its customer writes', async ({stack, dana}) => {
    await stack.customerTexts(MARIA, 'Hello');
    await opensAppointment(dana, await booked(dana));
    await expect.poll(() => dana.said()).toEqual(['Hello']);
    await dana.isLive();
    await dana.refreshesNoMore();
    await stack.customerTexts(MARIA, 'Can I come at four?');
    await expect.poll(() => dana.said()).toEqual(['Hello', 'Can I come at four?']);
    await dana.seesTheEnd();
  });

  test('a customer whom a colleague renames has the new name above the conversation and in the inbox', ONCE, async ({stack, dana, marcus}) => {
    await stack.customerTexts(MARIA, 'Hello');
    const appointment = await booked(dana);
    await dana.opensConversationWith('Maria Lopez');
    await expect(dana.head).toContainText('Maria Lopez');
    await dana.isLive();
    await dana.refreshesNoMore();
    await opensAppointment(marcus, appointment);
    await marcus.page.getByLabel('Customer').fill('Maria Garcia');
    await marcus.page.getByRole('button', {name: 'Save'}).click();
    await expect(dana.head).toContainText('Maria Garcia');
    await expect(dana.inbox.getByRole('listitem')).toContainText('Maria Garcia');
  });

  test('the dashboard shows who wrote, and who waits no more', ONCE, async ({stack, dana, marcus}) => {
    await stack.customerTexts(SAM, 'Is it open today?');
    await stack.customerTexts(MARIA, 'Hello');
    await marcus.opensConversationWith('Hello');
    await dana.opensDashboard();
    await dana.isLive();
    await dana.refreshesNoMore();
    await stack.customerTexts(MARIA, 'Are you there?');
    await expect(dana.panel.locator('.row-text')).toHaveText(['Are you there?', 'Is it open today?']);
    await expect(dana.panel.locator('.row-more')).toHaveText(['and 1 more']);
    await expect(dana.panel.locator('.waits .row-text')).toHaveText(['Are you there?', 'Is it open today?']);
    await marcus.replies('Yes, we are.');
    await expect(dana.panel.locator('.waits .row-text')).toHaveText(['Is it open today?']);
  });

  test('the inbox moves a conversation up, with what was said last', ONCE, async ({stack, dana}) => {
    await stack.customerTexts(MARIA, 'Hello');
    await stack.customerTexts(SAM, 'Is it open today?');
    await dana.opensMessages();
    await dana.isLive();
    await dana.refreshesNoMore();
    await stack.customerTexts(MARIA, 'Are you there?');
    await expect(dana.inbox.locator('.conversation-text')).toHaveText(['Are you there?', 'Is it open today?']);
    await expect(dana.inbox.locator('.count').first()).toHaveText(/^2/);
  });

  test('two members of staff see each other\'s replies and what becomes of them', ONCE, async ({stack, dana, marcus}) => {
    await stack.customerTexts(MARIA, 'Hello');
    for (const staff of [dana, marcus]) {
      await staff.opensConversationWith('Hello');
      await staff.isLive();
    }
    await marcus.refreshesNoMore();
    await dana.replies('No problem.');
    await expect(marcus.bubbles.last()).toContainText('No problem.');
    await expect(marcus.bubbles.last()).toContainText('Dana Whitfield');
    await expect(marcus.bubbles.last().locator('.state')).toContainText('Delivered at');
    await stack.carrierWill('spend-limit', MARIA);
    await dana.replies('See you soon.');
    await expect(marcus.bubbles.last().locator('.failed')).toContainText('budget for texts is used up');
    await expect(marcus.bubbles).toHaveCount(3);
    await dana.refreshesNoMore();
    await marcus.replies('Bye, Maria.');
    await expect.poll(() => dana.said()).toEqual(['Hello', 'No problem.', 'See you soon.', 'Bye, Maria.']);
  });
});

test('what comes late under an earlier time stands in its place, and once', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'first');
  await stack.customerTexts(MARIA, 'third');
  await dana.opensConversationWith('third');
  await dana.isLive();
  const [first, third] = await dana.bubbles.evaluateAll(bubbles => bubbles.map(bubble => Date.parse(bubble.dataset.at)));
  await stack.deliver({id: 'late', from: MARIA, text: 'second', at: new Date((first + third) / 2)});
  await expect.poll(() => dana.said()).toEqual(['first', 'second', 'third']);
  await dana.refreshed('/api/conversations', 304);
  expect(await dana.said()).toEqual(['first', 'second', 'third']);
});

test('a row beyond what was loaded does not make a list look complete', ONCE, async ({stack, dana}) => {
  const began = Date.now() - 200_000;
  const at = seconds => new Date(began + seconds * 1000);
  for (let text = 1; text <= 40; text += 1) await stack.deliver({id: `${text}`, from: MARIA, text: `text ${text}`, at: at(text)});
  await dana.opensConversationWith('text 40');
  await dana.isLive();
  await expect(dana.bubbles).toHaveCount(30);
  await stack.deliver({id: 'late', from: MARIA, text: 'late', at: at(1.5)});
  // A later text over the same socket shows that the earlier one has arrived.
  await stack.customerTexts(MARIA, 'new');
  await expect(dana.bubbles.last()).toContainText('new');
  expect(await dana.said()).toEqual([...numbered(30, 11), 'new']);
  await dana.earlier.click();
  await expect.poll(() => dana.said()).toEqual(['text 1', 'late', ...numbered(39, 2), 'new']);
});

test.describe('after a while without a socket', () => {
  test.use({connectionFails: true});

  /** Creates a conversation of `texts` texts, two seconds apart. Returns a function from a text's number to its time. */
  async function longConversation(stack, texts) {
    const began = Date.now() - 600_000;
    const at = text => new Date(began + text * 2000);
    for (let text = 1; text <= texts; text += 1) await stack.deliver({id: `${text}`, from: MARIA, text: `text ${text}`, at: at(text)});
    return at;
  }

  async function loses(staff, sockets) {
    await staff.isLive();
    sockets.holds = true;
    await sockets.cut();
    await expect(staff.live).toHaveText('not live');
  }

  test('a long conversation has what came late under an earlier time, as far up as it was loaded', ONCE, async ({stack, signIn}) => {
    const dana = await signIn('Dana Whitfield');
    const sockets = await dana.holdsSockets();
    const at = await longConversation(stack, 140);
    await dana.opensConversationWith('text 140');
    for (const loaded of [60, 90, 120]) {
      await dana.earlier.click();
      await expect(dana.bubbles).toHaveCount(loaded);
    }
    await loses(dana, sockets);
    await stack.deliver({id: 'late', from: MARIA, text: 'late', at: at(100.5)});
    await stack.deliver({id: 'later', from: MARIA, text: 'later', at: at(22.5)});
    await stack.deliver({id: 'beyond', from: MARIA, text: 'beyond', at: at(2.5)});
    await stack.deliver({id: 'new', from: MARIA, text: 'new', at: at(141)});
    await expect(dana.bubbles.last()).toContainText('new');
    sockets.holds = false;
    await dana.isLive();
    await expect.poll(() => dana.said()).toEqual([...numbered(2, 21), 'later', ...numbered(78, 23), 'late', ...numbered(40, 101), 'new']);
    await dana.earlier.click();
    await expect.poll(() => dana.said()).toEqual([
      ...numbered(2), 'beyond', ...numbered(20, 3), 'later', ...numbered(78, 23), 'late', ...numbered(40, 101), 'new',
    ]);
    await expect(dana.earlier).toHaveCount(0);
  });

  test('it is looked for until it was answered', ONCE, async ({stack, signIn}) => {
    const dana = await signIn('Dana Whitfield');
    const sockets = await dana.holdsSockets();
    const at = await longConversation(stack, 70);
    await dana.opensConversationWith('text 70');
    await dana.earlier.click();
    await expect(dana.bubbles).toHaveCount(60);
    await loses(dana, sockets);
    await stack.deliver({id: 'new', from: MARIA, text: 'new', at: at(71)});
    await expect(dana.bubbles.last()).toContainText('new');
    await stack.deliver({id: 'late', from: MARIA, text: 'late', at: at(11.5)});
    // The list requests the page after the first one, and that request fails.
    await dana.page.route('**/messages?*before=*', route => route.abort(), {times: 1});
    sockets.holds = false;
    await expect.poll(() => dana.said()).toEqual(['text 11', 'late', ...numbered(59, 12), 'new']);
  });

  test('a list has what has changed in it, as far down as it was loaded', ONCE, async ({stack, signIn, marcus}) => {
    const dana = await signIn('Dana Whitfield');
    const sockets = await dana.holdsSockets();
    await stack.customerTexts(SAM, 'Is it open today?');
    await marcus.opensConversationWith('Is it open today?');
    await stack.customerTextsAll(MARIA, numbered(45));
    await dana.opensNotifications();
    await dana.earlier.click();
    await expect(dana.feed.locator('.row')).toHaveCount(46);
    const row = dana.feed.locator('.row').filter({hasText: 'Is it open today?'});
    await expect(row).toHaveClass(/waits/);
    await loses(dana, sockets);
    await marcus.replies('Yes, it is.');
    await marcus.hasSent();
    sockets.holds = false;
    await dana.isLive();
    await expect(row).not.toHaveClass(/waits/);
  });
});

test('a socket that is cut again and again leaves nothing out, nothing twice and nothing out of order', ONCE, async ({stack, signIn}) => {
  const dana = await signIn('Dana Whitfield');
  const sockets = await dana.holdsSockets();
  await stack.customerTexts(MARIA, 'text 1');
  await dana.opensConversationWith('text 1');
  for (let text = 2; text <= 24; text += 1) {
    if (text % 4 === 0) await sockets.cut();
    await stack.customerTexts(MARIA, `text ${text}`);
  }
  await expect.poll(() => dana.said()).toEqual(numbered(24));
  await dana.isLive();
  expect(sockets.made).toBeGreaterThan(2);
  await stack.customerTexts(MARIA, 'text 25');
  await expect.poll(() => dana.said()).toEqual(numbered(25));
});

test('without a socket the page says so quietly, moves nothing, and the refresh goes on', ONCE, async ({stack, signIn}) => {
  const dana = await signIn('Dana Whitfield');
  const sockets = await dana.holdsSockets();
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.isLive();
  const places = () => dana.page.locator('.top > *').evaluateAll(parts => parts.map(part => JSON.stringify(part.getBoundingClientRect())));
  const before = await places();
  sockets.holds = true;
  await sockets.cut();
  await expect(dana.live).toHaveText('not live');
  await expect(dana.page.getByRole('status').filter({hasText: 'Not live.'})).toHaveCount(1);
  expect(await places()).toEqual(before);
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(dana.bubbles).toHaveCount(2);
  sockets.holds = false;
  await dana.isLive();
  expect(await places()).toEqual(before);
});

test('a page that slept catches up when it is looked at', ONCE, async ({stack, signIn}) => {
  const dana = await signIn('Dana Whitfield');
  const sockets = await dana.holdsSockets();
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.isLive();
  const hide = hidden => dana.page.evaluate(hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  sockets.holds = true;
  await sockets.cut();
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(dana.live).toHaveText('not live');
  expect(await dana.said()).toEqual(['Hello']);
  sockets.holds = false;
  await hide(false);
  await expect.poll(() => dana.said()).toEqual(['Hello', 'Are you there?']);
  await dana.isLive();
});

test('a socket that grew old while its computer slept is renewed, and never leaves a gap', ONCE, async ({stack, signIn}) => {
  const dana = await signIn('Dana Whitfield');
  const sockets = await dana.holdsSockets();
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.isLive();
  const made = sockets.made;
  await dana.page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 106 * 60_000;
  });
  await expect.poll(() => sockets.made).toBeGreaterThan(made);
  await expect(dana.live).toHaveText('live');
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect.poll(() => dana.said()).toEqual(['Hello', 'Are you there?']);
});

test('signing out closes every page\'s socket, and leads each to the sign-in page', ONCE, async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.isLive();
  const other = await dana.page.context().newPage();
  await other.goto('/');
  await expect(other.locator('#live')).toHaveText('live');
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  await expect(other).toHaveURL(/\/sign-in\.html/);
});
