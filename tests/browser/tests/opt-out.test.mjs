import {expect, test, MARIA} from '../lib/test.mjs';

// Refreshes are aborted in these tests, so every change has come over the socket.
test.use({connectionFails: true});

test.beforeEach(async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Running 10 min late, ok?');
  await dana.opensConversationWith('Running');
});

const banner = dana => dana.page.locator('#opt-out');

test('STOP closes the composer at once, with the reason, and START opens it with what was written', async ({stack, dana}) => {
  await dana.isLive();
  await dana.reply.fill('Are you su');
  await dana.refreshesNoMore();
  await stack.customerTexts(MARIA, 'Stop.');
  await expect(banner(dana)).toHaveText(/Opted out of texts: they wrote STOP, today .*Only they can undo it, by texting START\./);
  await expect(dana.reply).toBeDisabled();
  await expect(dana.send).toBeDisabled();
  await expect(dana.reply).toHaveValue('Are you su');
  await expect(dana.bubbles.last()).toContainText('Opted out of texts');
  await dana.seesTheEnd();
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-opted-out.png`});
  await stack.customerTexts(MARIA, 'START');
  await expect(dana.reply).toBeEnabled();
  await expect(banner(dana)).toBeEmpty();
  await expect(dana.bubbles.last()).toContainText('Opted in again');
  await dana.replies('Welcome back.');
  await dana.hasSent();
  expect(await stack.phoneOf(MARIA)).toEqual(['Welcome back.']);
});

test('what was asked for before they wrote STOP does not open it again when it comes after', {tag: '@any-width'}, async ({stack, dana}) => {
  await dana.isLive();
  const {page} = dana;
  let release;
  const released = new Promise(resolve => { release = resolve; });
  let isHeld;
  const held = new Promise(resolve => { isHeld = resolve; });
  await page.route('**/messages', async route => {
    const answer = await route.fetch({headers: {...route.request().headers(), 'if-none-match': ''}});
    // Aborts every later request, so that none of them corrects the page.
    await dana.refreshesNoMore();
    isHeld();
    await released;
    await route.fulfill({response: answer});
  }, {times: 1});
  await held;
  await stack.customerTexts(MARIA, 'Stop.');
  await expect(banner(dana)).toContainText('they wrote STOP');
  await page.evaluate(() => {
    window.swapped = new Promise(resolve => document.addEventListener('htmx:after:swap', resolve, {once: true})).then(() => null);
  });
  release();
  await page.evaluate(() => window.swapped);
  await expect(banner(dana)).toContainText('they wrote STOP');
  // The page shows newer content than that response, so the next request must not have its ETag: 304 would be wrong.
  const next = await page.waitForRequest('**/messages');
  expect(next.headers()).not.toHaveProperty('if-none-match');
  await expect(dana.reply).toBeDisabled();
});

test('a page that is opened later says the same, and keeps the draft', async ({stack, dana}) => {
  await dana.reply.fill('Are you su');
  await stack.customerTexts(MARIA, 'revoke');
  await expect(dana.reply).toBeDisabled();
  await dana.page.reload();
  await expect(banner(dana)).toContainText('they wrote REVOKE');
  await expect(dana.reply).toBeDisabled();
  await expect(dana.reply).toHaveValue('Are you su');
});

test('a page that has not heard of it is refused with the reason, and the text stays', async ({stack, dana}) => {
  const hand = await dana.holdsSockets();
  hand.holds = true;
  await dana.page.reload();
  await expect(dana.bubbles.first()).toBeVisible();
  await dana.refreshesNoMore();
  await stack.customerTexts(MARIA, 'revoke');
  await dana.replies('Are you sure?');
  await expect(dana.problem).toContainText('This customer has opted out of texts (they wrote REVOKE on');
  await expect(dana.reply).toHaveValue('Are you sure?');
  expect(await stack.phoneOf(MARIA)).toEqual([]);
});

test('staff opt a customer out who tells them so, in two steps, and colleagues see who did', async ({stack, dana, marcus}) => {
  await marcus.opensConversationWith('Running');
  await marcus.isLive();
  await dana.page.getByText('Opt out', {exact: true}).click();
  await expect(dana.page.locator('.opting-out:not(.blocking) form')).toContainText('Has this customer asked to be unsubscribed?');
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-opting-out.png`});
  await dana.page.getByRole('button', {name: 'Opt them out'}).click();
  for (const staff of [dana, marcus]) {
    await expect(banner(staff)).toContainText('they told Dana Whitfield, today');
    await expect(staff.reply).toBeDisabled();
    await expect(staff.bubbles.last()).toContainText('Opted out of texts, as they told Dana Whitfield');
    await expect(staff.page.locator('.opting-out:not(.blocking)')).toBeHidden();
  }
  await stack.customerTexts(MARIA, 'START');
  await expect(dana.reply).toBeEnabled();
  await expect(dana.page.locator('.opting-out:not(.blocking) form')).toBeHidden();
});

test('wording that looks like an opt-out is one click away from one, and an appointment\'s is not', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'cancel my 3 pm');
  await stack.customerTexts(MARIA, 'Please stop texting me');
  const asks = dana.bubbles.getByRole('button', {name: 'Opt them out'});
  await expect(asks).toHaveCount(1);
  await expect(dana.bubbles.last()).toContainText('They seem to want to unsubscribe.');
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-seems-to-opt-out.png`});
  await asks.click();
  await expect(dana.reply).toBeDisabled();
  await expect(asks).toBeHidden();
  await dana.seesTheEnd();
  await stack.customerTexts(MARIA, 'START');
  await expect(dana.reply).toBeEnabled();
  await expect(asks).toBeHidden();
});
