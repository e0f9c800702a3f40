// Makes static-site/assets/readme-dashboard.png: the Dashboard with the demo's customers.
import {fileURLToPath} from 'node:url';
import {chromium} from '@playwright/test';
import config from './playwright.config.mjs';
import {Stack} from './lib/stack.mjs';
import {Staff} from './lib/staff.mjs';

const picture = fileURLToPath(new URL('../../static-site/assets/readme-dashboard.png', import.meta.url));
const {launchOptions, locale, timezoneId} = config.use;

const stack = await Stack.start({demo: true});
const browser = await chromium.launch(launchOptions);
try {
  const page = await browser.newPage({baseURL: stack.address, viewport: {width: 1280, height: 800}, locale, timezoneId});
  const dana = new Staff(page);
  await dana.signsInAs('Dana Whitfield');
  await dana.opensDashboard();
  await page.locator('.account-name').waitFor();
  await page.screenshot({path: picture, fullPage: true});
} finally {
  await browser.close();
  await stack.stop();
}
