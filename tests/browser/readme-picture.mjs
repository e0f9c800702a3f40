// Makes static-site/assets/readme-dashboard.png, a picture of the Dashboard with the demo's customers.
import {fileURLToPath} from 'node:url';
import {chromium} from '@playwright/test';
import config from './playwright.config.mjs';
import {Stack} from './lib/stack.mjs';
import {Staff} from './lib/staff.mjs';

const picture = fileURLToPath(new URL('../../static-site/assets/readme-dashboard.webp', import.meta.url));
const {launchOptions, locale, timezoneId} = config.use;

const stack = await Stack.start({demo: true});
const browser = await chromium.launch(launchOptions);
try {
  const viewport = {width: 1200, height: 656};
  const page = await browser.newPage({baseURL: stack.address, viewport, deviceScaleFactor: 2, locale, timezoneId});
  const dana = new Staff(page);
  await dana.signsInAs('Dana Whitfield');
  await dana.opensDashboard();
  await page.locator('.account-name').waitFor();
  // WebP takes a quarter of the bytes of PNG, and Playwright writes none.
  const cdp = await page.context().newCDPSession(page);
  const {data} = await cdp.send('Page.captureScreenshot', {format: 'webp', quality: 60});
  await writeFile(picture, Buffer.from(data, 'base64'));
} finally {
  await browser.close();
  await stack.stop();
}
