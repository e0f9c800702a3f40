import {expect, numbered, onPhone, test, MARIA, SAM} from '../lib/test.mjs';

const line = staff => staff.page.locator('.blocked');
const control = staff => staff.page.locator('.blocking summary');
const picture = (staff, name) => staff.page.screenshot({path: `artefacts/${test.info().project.name}-${name}.png`});

async function blocks(staff) {
  await control(staff).click();
  await expect(staff.page.locator('.blocking form')).toContainText('nobody here is told of it');
  await staff.page.getByRole('button', {name: 'Block this number'}).click();
  await expect(line(staff)).toContainText('This number is blocked');
}

test('a number is blocked in two steps, its texts stand in its conversation alone, and it is unblocked there', async ({stack, dana}) => {
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await dana.reply.fill('What do you');
  await control(dana).click();
  await picture(dana, 'blocking');
  await control(dana).click();
  await blocks(dana);
  await expect(line(dana)).toContainText('by Dana Whitfield');
  await expect(dana.reply).toBeHidden();
  await expect(control(dana)).toBeHidden();
  await stack.customerTextsAll(MARIA, ['Buy now', 'Buy two']);
  await expect(dana.bubbles).toHaveCount(3);
  await expect(dana.bubbles.last()).toContainText('came while blocked');
  await picture(dana, 'blocked');
  await dana.opensDashboard();
  await expect(dana.panel.locator('.row-text')).toHaveText(['Is it open today?']);
  await dana.opensMessages();
  await expect(dana.inbox.locator('.conversation')).toHaveCount(1);
  await dana.page.getByRole('link', {name: 'Blocked numbers'}).click();
  const row = dana.page.locator('#blocked .row');
  await expect(row).toContainText('Buy two');
  await picture(dana, 'blocked-numbers');
  await row.getByRole('link', {name: 'View Conversation'}).click();
  await line(dana).getByRole('button', {name: 'Unblock'}).click();
  await expect(dana.reply).toHaveValue('What do you');
  await expect(line(dana)).toHaveCount(0);
  await stack.customerTexts(MARIA, 'Sorry');
  await expect(dana.bubbles.last()).toContainText('Sorry');
  await expect(dana.bubbles.last()).not.toContainText('came while blocked');
  await dana.opensDashboard();
  await expect(dana.panel.locator('.row-text')).toHaveText(['Sorry', 'Is it open today?']);
});

test.describe('without a single refresh', () => {
  test.use({connectionFails: true});

  test('colleagues see at once that a number is blocked, where they would write to it', {tag: '@any-width'}, async ({stack, dana, marcus}) => {
    await stack.customerTexts(MARIA, 'Hello');
    for (const staff of [dana, marcus]) {
      await staff.opensConversationWith('Hello');
      await staff.isLive();
    }
    await marcus.refreshesNoMore();
    await blocks(dana);
    await expect(line(marcus)).toContainText('by Dana Whitfield');
    await expect(marcus.reply).toBeHidden();
    await expect(marcus.inbox.locator('.conversation')).toHaveCount(0);
    await stack.customerTexts(MARIA, 'Buy now');
    await expect(marcus.bubbles.last()).toContainText('came while blocked');
    await line(dana).getByRole('button', {name: 'Unblock'}).click();
    await expect(marcus.reply).toBeVisible();
  });
});

test('a blocked customer leaves the lists that are open, and comes back to them', {tag: '@any-width'}, async ({stack, dana, marcus}) => {
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTextsAll(MARIA, numbered(3));
  await dana.opensDashboard();
  await expect(dana.panel.locator('.row')).toHaveCount(2);
  await marcus.opensConversationWith('text 3');
  await blocks(marcus);
  await expect(dana.panel.locator('.row-text')).toHaveText(['Is it open today?']);
  await line(marcus).getByRole('button', {name: 'Unblock'}).click();
  await expect(dana.panel.locator('.row-text')).toHaveText(['text 3', 'Is it open today?']);
});

test('also without a socket a blocked customer leaves the lists, with the next refresh', {tag: '@any-width'}, async ({stack, signIn, marcus}) => {
  const dana = await signIn('Dana Whitfield');
  const sockets = await dana.holdsSockets();
  sockets.holds = true;
  await stack.customerTexts(SAM, 'Is it open today?');
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensMessages();
  await expect(dana.inbox.locator('.conversation')).toHaveCount(2);
  await marcus.opensConversationWith('Hello');
  await blocks(marcus);
  await expect(dana.inbox.locator('.conversation-text')).toHaveText(['Is it open today?']);
});

test('a number is unblocked in the list of those that are blocked, and one cannot be texted from elsewhere', async ({stack, dana, marcus}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  await blocks(dana);
  await marcus.page.goto('/new-message.html');
  await marcus.page.getByLabel('Mobile number').fill(MARIA);
  await marcus.page.getByRole('textbox', {name: 'Message'}).fill('Hello');
  await marcus.send.click();
  await expect(marcus.problem).toContainText('This number is blocked. Unblock it to text it.');
  await picture(marcus, 'blocked-new-message');
  await marcus.page.goto('/blocked.html');
  await marcus.page.getByRole('button', {name: 'Unblock'}).click();
  await expect(marcus.page.locator('#blocked')).toContainText('No number is blocked.');
  await expect(dana.reply).toBeVisible();
  if (onPhone()) await expect(dana.inbox).toBeHidden();
});

test.describe('in the dark', () => {
  test('the line and the list can be read', {tag: '@any-width'}, async ({stack, signIn}) => {
    const dana = await signIn('Dana Whitfield', {colorScheme: 'dark'});
    await stack.customerTexts(MARIA, 'Hello');
    await dana.opensConversationWith('Hello');
    await blocks(dana);
    await stack.customerTexts(MARIA, 'Buy now');
    await expect(dana.bubbles.last()).toContainText('came while blocked');
    await picture(dana, 'blocked-dark');
    await dana.page.goto('/blocked.html');
    await expect(dana.page.locator('#blocked .row')).toHaveCount(1);
    await picture(dana, 'blocked-numbers-dark');
  });
});
