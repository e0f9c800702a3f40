// Makes the icons of static-site/assets/icons that must be PNG from the SVG icons.
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {chromium} from '@playwright/test';
import config from './playwright.config.mjs';

const ICONS = [
  ['icon.svg', 'icon-192.png', 192],
  ['icon.svg', 'icon-512.png', 512],
  ['maskable.svg', 'maskable-512.png', 512],
  ['maskable.svg', 'apple-touch-icon-180.png', 180],
  ['badge.svg', 'badge-96.png', 96],
];
const place = name => fileURLToPath(new URL(`../../static-site/assets/icons/${name}`, import.meta.url));

const browser = await chromium.launch(config.use.launchOptions);
try {
  for (const [drawn, made, size] of ICONS) {
    const page = await browser.newPage({viewport: {width: size, height: size}});
    await page.setContent(`<style>* {margin: 0} svg {display: block; width: ${size}px; height: ${size}px}</style>${await readFile(place(drawn), 'utf8')}`);
    await page.screenshot({path: place(made), omitBackground: true});
    await page.close();
  }
} finally {
  await browser.close();
}
