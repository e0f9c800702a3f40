import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {booked} from '../lib/appointments.mjs';
import {expect, test, BEN} from '../lib/test.mjs';
import {EMPTY, SIGNED_OUT, appointmentPath, conversationPath, opens, signedIn} from '../lib/pages.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The page's own policy would keep axe out; only here is it set aside.
const injected = {bypassCSP: true, reducedMotion: 'reduce'};

for (const colorScheme of ['light', 'dark']) {
  test.describe(`${colorScheme}, with customers`, () => {
    test.use({demo: true});

    test('every page fits the screen, holds still as it loads, and axe finds nothing', async ({openWindow, signIn}) => {
      const visitor = await openWindow({colorScheme, ...injected});
      for (const page of SIGNED_OUT) await isRight(visitor, page, colorScheme);
      const dana = await signIn('Dana Whitfield', {colorScheme, ...injected});
      const {page} = dana;
      for (const place of signedIn(await conversationPath(page), await appointmentPath(page))) await isRight(page, place, colorScheme);
      await booked(dana, {number: BEN, name: 'Benjamin Alexander Castellano-Featherstonehaugh', service: 'Comprehensive examination, cleaning and X-rays'});
      await isRight(page, {name: 'opted-out', path: await conversationPath(page, BEN), ready: '[data-opted-out]'}, colorScheme);
      await page.goto('/new-message.html');
      await page.getByLabel('Mobile number').fill('12345');
      await page.getByLabel('Message', {exact: true}).fill('Hello');
      await page.getByRole('button', {name: 'Send'}).click();
      await expect(page.locator('main .problem')).toBeVisible();
      await meetsAxe(page, `${colorScheme}-new-message-refused`);
    });
  });

  test(`${colorScheme}, before anything was said: every page is right too`, async ({signIn}) => {
    const {page} = await signIn('Dana Whitfield', {colorScheme, ...injected});
    for (const place of EMPTY) await isRight(page, place, colorScheme);
  });
}

async function isRight(page, place, colorScheme) {
  await page.addInitScript(() => {
    window.moved = [];
    new PerformanceObserver(list => window.moved.push(...list.getEntries().map(({value, sources}) => ({
      value, what: sources.map(({node}) => node?.outerHTML?.slice(0, 80)),
    })))).observe({type: 'layout-shift', buffered: true});
  });
  await opens(page, place);
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  expect.soft(await page.evaluate(() => window.moved), `${place.name} holds still`).toEqual([]);
  const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect.soft(width, `${place.name} does not scroll sideways`).toBeLessThanOrEqual(room);
  await meetsAxe(page, `${colorScheme}-${place.name}`);
}

async function meetsAxe(page, name) {
  await page.screenshot({path: `artefacts/${test.info().project.name}-${name}.png`});
  await page.evaluate(axe);
  const {violations, passes} = await page.evaluate(() => window.axe.run({resultTypes: ['violations', 'passes']}));
  const findings = violations.flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => ({id, html, failureSummary})));
  expect.soft(findings, `${name}: axe`).toEqual([]);
  expect(passes.length, 'axe has looked').toBeGreaterThan(10);
}
