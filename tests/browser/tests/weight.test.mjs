import {expect, test} from '../lib/test.mjs';
import {SIGNED_OUT, appointmentPath, conversationPath, opens, signedIn} from '../lib/pages.mjs';

// In bytes, over HTTP/1.1. Its headers, 0.7 KB in each response, are not compressed as those of HTTP/2 are.
const MOST = 45 * 1024;

test.use({demo: true});

test('a first visit of any page transfers at most 45 KB, all of it counted', {tag: '@any-width'}, async ({openWindow, signIn}) => {
  const dana = await signIn('Dana Whitfield');
  const paths = [await conversationPath(dana.page), await appointmentPath(dana.page)];
  const weights = {};
  for (const place of [...SIGNED_OUT, ...signedIn(...paths)]) {
    // A window without a cache, with Dana's session.
    const page = await openWindow();
    await page.context().addCookies(await dana.page.context().cookies());
    weights[place.name] = await weightOf(page, place);
    // A session has ten sockets at most, and each open page has one.
    await page.context().close();
  }
  console.table(weights);
  for (const [name, {bytes, requests}] of Object.entries(weights)) {
    expect(bytes, name).toBeLessThanOrEqual(MOST);
    expect(requests, `${name}: the page, its style, its script, its icon`).toBeGreaterThanOrEqual(4);
  }
});

/**
 * Returns the bytes that were transferred until the page was complete, headers included. Each address counts once: a
 * slow page refreshes meanwhile.
 */
async function weightOf(page, place) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  const weight = {bytes: 0, requests: 0};
  const open = new Set();
  const asked = new Set();
  cdp.on('Network.requestWillBeSent', ({requestId, request}) => {
    if (!asked.has(request.url)) open.add(requestId);
    asked.add(request.url);
  });
  cdp.on('Network.loadingFailed', ({requestId}) => open.delete(requestId));
  cdp.on('Network.loadingFinished', ({requestId, encodedDataLength}) => {
    if (!open.delete(requestId)) return;
    weight.bytes += encodedDataLength;
    weight.requests += 1;
  });
  await opens(page, place);
  await expect.poll(() => open.size, `${place.name} has all that it asked for`).toBe(0);
  return {...weight};
}
