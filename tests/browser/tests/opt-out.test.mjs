import {expect, test, MARIA} from '../lib/test.mjs';

// What shows while refreshes go unanswered has come over the socket.
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
