import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test as base, Stack, MARIA} from '../lib/test.mjs';

const test = base.extend({
  /** A stack that stores its data on disk, so that it can be restarted at the same address. */
  stack: async ({}, use) => {
    const data = await mkdtemp(join(tmpdir(), 'switchboard-'));
    const stack = await Stack.start({data});
    stack.startsAgain = async () => Object.assign(stack, await Stack.start({data, port: stack.port}));
    await use(stack);
    await stack.stop();
    await rm(data, {recursive: true});
  },
});

test.use({connectionFails: true});

test.beforeEach(async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Hello');
  await dana.opensConversationWith('Hello');
  // A reload would remove this mark.
  await dana.page.evaluate(() => { window.stayed = true; });
});

test('a browser that loses its connection says so quietly, and goes on when it is back', async ({stack, dana}) => {
  await dana.page.context().setOffline(true);
  await expect(dana.connection).toBeVisible();
  await dana.replies('No problem.');
  await expect(dana.problem).toContainText('No connection');
  await expect(dana.reply).toHaveValue('No problem.');
  await stack.customerTexts(MARIA, 'Are you there?');
  await dana.page.context().setOffline(false);
  await expect(dana.bubbles).toHaveCount(2);
  await expect(dana.connection).toBeHidden();
  await dana.send.click();
  await dana.hasSent();
  await expect(dana.bubbles).toHaveCount(3);
  expect(await stack.phoneOf(MARIA)).toEqual(['No problem.']);
  expect(await dana.page.evaluate(() => window.stayed)).toBe(true);
});

test('a server that goes and comes back is found again without a reload', async ({stack, dana}) => {
  await stack.stop();
  await expect(dana.connection).toBeVisible();
  await stack.startsAgain();
  await stack.customerTexts(MARIA, 'Are you there?');
  await expect(dana.bubbles).toHaveCount(2);
  await expect(dana.connection).toBeHidden();
  await dana.replies('Yes, we are.');
  await expect(dana.bubbles).toHaveCount(3);
  expect(await dana.page.evaluate(() => window.stayed)).toBe(true);
});
