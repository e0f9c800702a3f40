// Makes the pictures of the portal on the help pages, static-site/assets/help/*.webp.
import {writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {chromium} from '@playwright/test';
import config from './playwright.config.mjs';
import {pretendsPush} from './lib/push.mjs';
import {PushService} from './lib/push-service.mjs';
import {Stack} from './lib/stack.mjs';
import {Staff} from './lib/staff.mjs';

const picture = name => fileURLToPath(new URL(`../../static-site/assets/help/${name}.webp`, import.meta.url));
const {launchOptions, locale, timezoneId} = config.use;

const pushService = await PushService.start();
const stack = await Stack.start({demo: true, pushService});
const browser = await chromium.launch(launchOptions);

async function dana(width, push = {}) {
  const context = await browser.newContext({baseURL: stack.address, viewport: {width, height: 800}, locale, timezoneId, reducedMotion: 'reduce'});
  await pretendsPush(context, {endpoints: `${pushService.origin}/pretended`, ...push});
  const staff = new Staff(await context.newPage());
  await staff.signsInAs('Dana Whitfield');
  return staff;
}

// Takes a screenshot as WebP, a quarter of the size of a PNG.
async function takes(page, name, clip) {
  const cdp = await page.context().newCDPSession(page);
  const {data} = await cdp.send('Page.captureScreenshot', {format: 'webp', quality: 50, clip: {...clip, scale: 1}});
  await writeFile(picture(name), Buffer.from(data, 'base64'));
}

// Takes a picture of the bell, with enough of the page around it to show where it is.
async function bell(name, push, turnsOn = false) {
  const {page} = await dana(1160, push);
  await page.goto('/new-message.html');
  await page.locator('.account-leave').waitFor();
  await page.locator('#bell[data-state]').click();
  if (turnsOn) await page.getByRole('button', {name: 'Turn on'}).click();
  await page.locator('#bell-panel [data-bell]:not([hidden])').waitFor();
  if (turnsOn) await page.getByRole('button', {name: 'Send a test'}).waitFor();
  await page.mouse.move(0, 700);
  await page.evaluate(() => document.activeElement.blur());
  await takes(page, name, {x: 320, y: 0, width: 560, height: 300});
  await page.context().close();
}

try {
  await bell('bell-off', {});
  await bell('bell-denied', {permission: 'denied'});
  await bell('bell-on', {}, true);
  const {page} = await dana(960);
  await page.goto('/');
  await page.locator('#recent .row').first().waitFor();
  await page.locator('.account-leave').waitFor();
  await takes(page, 'the-row', {x: 24, y: 81, width: 912, height: 207});
  await page.setViewportSize({width: 760, height: 520});
  await page.goto('/messages.html');
  await page.locator('#conversations').getByRole('link').filter({hasText: 'Maria'}).click();
  await page.locator('#messages .message').first().waitFor();
  await page.getByRole('textbox', {name: 'Your reply'}).fill('No problem, see you at half past.');
  await page.locator('.account-leave').waitFor();
  await takes(page, 'the-reply', {x: 360, y: 57, width: 400, height: 463});
} finally {
  await browser.close();
  await stack.stop();
  await pushService.stop();
}
