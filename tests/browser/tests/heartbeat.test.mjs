// A page that is open for hours, with a clock that the tests advance.
import {expect, test as base, MARIA} from '../lib/test.mjs';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const test = base.extend({
  /**
   * Signs somebody in and opens a conversation that only its socket updates. Returns the controls of the sockets and
   * the page.
   */
  watches: async ({signIn}, use) => {
    await use(async name => {
      const staff = await signIn(name);
      const {page} = staff;
      const sockets = await staff.holdsSockets();
      await staff.refreshesOnlyForAReason();
      await page.addInitScript(() => {
        const Real = WebSocket;
        window.tries = [];
        window.WebSocket = class extends Real {
          constructor(address) {
            super(address);
            window.tries.push({at: Date.now(), over: new Promise(over => { this.addEventListener('close', over); })});
          }
        };
      });
      await page.clock.install();
      await staff.opensConversationWith('Hello');
      await staff.isLive();
      return {staff, page, sockets};
    });
  },
});

test.use({connectionFails: true});
// Two hours are a thousand steps.
test.slow();
test.beforeEach(({stack}) => stack.customerTexts(MARIA, 'Hello'));

/** Waits until every request of the page has a response: the stack does not use the page's clock. */
async function isAnswered({page, sockets}) {
  await expect.poll(async () => sockets.pongs === sockets.pings && await page.locator('.htmx-request').count() === 0).toBe(true);
}

/** Advances the page's clock, and waits for responses after each step. */
async function passes(time, watching) {
  for (let passed = 0; passed < time; passed += 5 * SECOND) {
    await isAnswered(watching);
    await watching.page.clock.runFor(5 * SECOND);
  }
  await isAnswered(watching);
}

test('a socket over which nothing comes is pinged every five minutes, before the gateway closes it', {tag: '@any-width'}, async ({watches}) => {
  const dana = await watches('Dana Whitfield');
  const {made, pings} = dana.sockets;
  await passes(4.5 * MINUTE, dana);
  expect(dana.sockets.pings).toBe(pings);
  await passes(MINUTE, dana);
  expect(dana.sockets.pings).toBe(pings + 1);
  await passes(15 * MINUTE, dana);
  expect(dana.sockets.pings).toBeGreaterThanOrEqual(pings + 3);
  expect(dana.sockets.made, 'one that answers is kept').toBe(made);
});

test('a socket that says nothing any more is given up for another, and nothing is missed', {tag: '@any-width'}, async ({stack, watches}) => {
  const dana = await watches('Dana Whitfield');
  const {made} = dana.sockets;
  dana.sockets.hushes = true;
  await stack.customerTexts(MARIA, 'Are you there?');
  await passes(4.5 * MINUTE, dana);
  expect(dana.sockets.made).toBe(made);
  expect(await dana.staff.said()).toEqual(['Hello']);
  await passes(45 * SECOND, dana);
  dana.sockets.hushes = false;
  await passes(15 * SECOND, dana);
  await expect.poll(() => dana.sockets.made).toBe(made + 1);
  await expect.poll(() => dana.staff.said()).toEqual(['Hello', 'Are you there?']);
  await stack.customerTexts(MARIA, 'Hello?');
  await expect.poll(() => dana.staff.said()).toEqual(['Hello', 'Are you there?', 'Hello?']);
});

test('a gateway that is away is tried later each time, but not ever later, and by no two windows in step', {tag: '@any-width'}, async ({watches}) => {
  const windows = [await watches('Dana Whitfield'), await watches('Marcus Bell')];
  const gaps = await Promise.all(windows.map(async watching => {
    const {page, sockets} = watching;
    // From now on only the steps below advance the clock, so that a busy machine does not change the gaps.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 30_000));
    await isAnswered(watching);
    const before = await page.evaluate(() => window.tries.length);
    sockets.holds = true;
    await sockets.cut();
    for (let passed = 0; passed < 10 * MINUTE; passed += SECOND) {
      await page.clock.runFor(SECOND);
      await isAnswered(watching);
      await page.evaluate(before => Promise.all(window.tries.slice(before).map(({over}) => over)), before);
    }
    const tries = await page.evaluate(before => window.tries.slice(before).map(({at}) => at / 1000), before);
    return tries.slice(1).map((at, index) => at - tries[index]);
  }));
  for (const each of gaps) {
    const latest = each.slice(-8);
    // The clock advances in steps of a second.
    expect(Math.max(...each.slice(0, 2)), `${each}`).toBeLessThan(6);
    expect(Math.min(...latest), `${each}`).toBeGreaterThan(10);
    expect(Math.max(...latest), `${each}`).toBeLessThan(50);
    expect(Math.max(...latest) - Math.min(...latest), `${each}`).toBeGreaterThan(3);
  }
  const [hers, his] = gaps;
  expect(Math.max(...hers.slice(-8).map((gap, index) => Math.abs(gap - his.at(index - 8)))), `${hers} and ${his}`).toBeGreaterThan(3);
  for (const {staff, page, sockets} of windows) {
    sockets.holds = false;
    await page.clock.runFor(MINUTE);
    await page.clock.resume();
    await staff.isLive();
  }
});

test('a socket is renewed before the gateway closes it at two hours, and no text falls between the two', {tag: '@any-width'}, async ({stack, watches}) => {
  const dana = await watches('Dana Whitfield');
  const {staff, sockets} = dana;
  await staff.refreshesNoMore();
  const {made} = sockets;
  await passes(100 * MINUTE, dana);
  expect(sockets.made).toBe(made);
  let open;
  sockets.opening = new Promise(resolve => { open = resolve; });
  await passes(10 * MINUTE, dana);
  expect(sockets.made).toBe(made + 1);
  await stack.customerTexts(MARIA, 'over the old one');
  await expect.poll(() => staff.said()).toEqual(['Hello', 'over the old one']);
  open();
  // The page closes the old socket after the new one is open.
  await dana.page.evaluate(() => window.tries.at(-2).over);
  await stack.customerTexts(MARIA, 'over the new one');
  await expect.poll(() => staff.said()).toEqual(['Hello', 'over the old one', 'over the new one']);
  await expect(staff.live).toHaveText('live');
});
