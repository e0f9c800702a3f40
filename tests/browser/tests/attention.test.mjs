import {expect, test, MARIA} from '../lib/test.mjs';

test('a page that nobody looks at asks for nothing, and catches up when it is looked at', {tag: '@any-width'}, async ({stack, dana}) => {
  const {page} = dana;
  await stack.customerTexts(MARIA, 'Hello');
  await page.clock.install();
  await dana.opensDashboard();
  await page.evaluate(() => {
    window.away = true;
    Object.defineProperty(document, 'hidden', {get: () => window.away});
  });
  let asked = 0;
  page.on('request', request => { asked += request.url().includes('/api/notifications') ? 1 : 0; });
  await stack.customerTexts(MARIA, 'While you were away');
  await page.clock.runFor(60_000);
  expect(asked).toBe(0);
  await page.evaluate(() => {
    window.away = false;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(dana.panel).toContainText('While you were away');
});
