// Test fixtures: staff with a browser window each, and customers with a phone.
import {test as base, expect} from '@playwright/test';
import {pretendsPush} from './push.mjs';
import {PushService} from './push-service.mjs';
import {Staff} from './staff.mjs';
import {Stack} from './stack.mjs';

export {expect};
export * from './stack.mjs';

// The browser's console message for an error response. The page itself explains the error.
const ANSWERED = /^Failed to load resource: the server responded with a status of 4\d\d/;
// The browser's console message for a WebSocket of a page that is left while it connects, or whose session has just
// ended. live.test.mjs asserts that sockets open where they should.
const LEFT = /^WebSocket connection to .* failed: (WebSocket is closed before the connection is established|HTTP Authentication failed|Error during WebSocket handshake: Unexpected response code: 403)/;
// The browser's console message for a request without a response, or for a stack that is still starting.
const UNANSWERED = /^Failed to load resource: (net::|the server responded with a status of 503)|^htmx: htmx:error: (Failed to fetch|timeout)|^WebSocket connection to .* failed: (Error in connection establishment: net::|Error during WebSocket handshake: Unexpected response code: 5\d\d|Connection closed before receiving a handshake response|$)/;

export const test = base.extend({
  /** Whether the stack starts with the demo's messages. */
  demo: [false, {option: true}],
  /** Whether requests may stay without a response. The browser then writes to its console. */
  connectionFails: [false, {option: true}],

  /** A push service that the stack may send to. */
  pushService: async ({}, use) => {
    const pushService = await PushService.start();
    await use(pushService);
    await pushService.stop();
  },

  stack: async ({demo, pushService}, use) => {
    const stack = await Stack.start({demo, pushService});
    await use(stack);
    await stack.stop();
  },

  /** Opens a window with a new browser profile. */
  openWindow: async ({browser, stack, pushService, connectionFails}, use) => {
    const windows = [];
    const complaints = [];
    await use(async (options = {}) => {
      const {push, ...others} = options;
      const context = await browser.newContext({baseURL: stack.address, ...others});
      windows.push(context);
      if (push) await pretendsPush(context, {endpoints: `${pushService.origin}/pretended`, ...push});
      const page = await context.newPage();
      page.on('pageerror', error => complaints.push(`${error}`));
      page.on('dialog', dialog => {
        complaints.push(`a dialog: ${dialog.message()}`);
        dialog.dismiss();
      });
      page.on('console', message => {
        const text = message.text();
        if (!['error', 'warning'].includes(message.type()) || ANSWERED.test(text) || LEFT.test(text)) return;
        if (!connectionFails || !UNANSWERED.test(text)) complaints.push(text);
      });
      return page;
    });
    await Promise.all(windows.map(context => context.close()));
    expect(complaints, 'the browser complains of nothing, a breach of the content policy least of all').toEqual([]);
  },

  /** Signs a member of staff in, in a window of their own. */
  signIn: async ({openWindow}, use) => {
    await use(async (name, options) => {
      const staff = new Staff(await openWindow(options));
      await staff.signsInAs(name);
      return staff;
    });
  },

  dana: async ({signIn}, use) => use(await signIn('Dana Whitfield')),
  marcus: async ({signIn}, use) => use(await signIn('Marcus Bell')),
});

/** Whether lists and threads share one pane, as on a phone. */
export function onPhone() {
  return test.info().project.name === 'phone';
}

/** Returns `['text 1', … 'text n']`. */
export function numbered(count, from = 1) {
  return Array.from({length: count}, (_, index) => `text ${from + index}`);
}
