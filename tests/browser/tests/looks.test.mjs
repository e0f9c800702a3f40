import {readFile} from 'node:fs/promises';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {setTimeout as wait} from 'node:timers/promises';
import {booked} from '../lib/appointments.mjs';
import {expect, test, BEN} from '../lib/test.mjs';
import {EMPTY, SIGNED_OUT, appointmentPath, conversationPath, opens, signedIn} from '../lib/pages.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The page's Content Security Policy would block axe, so only this test bypasses it.
const injected = {bypassCSP: true, reducedMotion: 'reduce'};

for (const colorScheme of ['light', 'dark']) {
  test.describe(`${colorScheme}, with customers`, () => {
    test.use({demo: true});

    test('every page fits the screen, holds still as it loads, and axe finds nothing', async ({openWindow, signIn}) => {
      const visitor = await openWindow({colorScheme, ...injected});
      await notesWhatMoves(visitor);
      for (const page of SIGNED_OUT) await isRight(visitor, page, colorScheme);
      const dana = await signIn('Dana Whitfield', {colorScheme, ...injected});
      const {page} = dana;
      await notesWhatMoves(page);
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
    await notesWhatMoves(page);
    for (const place of EMPTY) await isRight(page, place, colorScheme);
  });
}

test('a page that comes in pieces is painted once it is whole', async ({openWindow, stack}) => {
  const network = createServer(async ({url}, response) => {
    const answer = await fetch(stack.address + url);
    const body = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, {'content-type': type});
    if (type.startsWith('text/html')) {
      const half = body.indexOf('</h1>') + '</h1>'.length;
      response.write(body.subarray(0, half));
      await wait(1000);
      response.end(body.subarray(half));
    } else {
      response.end(body);
    }
  });
  await once(network.listen(0, '127.0.0.1'), 'listening');
  const page = await openWindow(injected);
  await notesWhatMoves(page);
  for (const path of ['/sign-in.html', '/nothing-here.html']) {
    await page.goto(`http://127.0.0.1:${network.address().port}${path}`);
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect.soft(await page.evaluate(() => window.moved), path).toEqual([]);
  }
  network.close();
});

/** Records the layout shifts of pages that are opened from now on: the score, and the position before and after. */
function notesWhatMoves(page) {
  return page.addInitScript(() => {
    window.moved = [];
    new PerformanceObserver(list => window.moved.push(...list.getEntries().map(({value, sources}) => ({
      value, what: sources.map(({node, previousRect, currentRect}) => ({node: node?.outerHTML?.slice(0, 80), previousRect, currentRect})),
    })))).observe({type: 'layout-shift', buffered: true});
  });
}

async function isRight(page, place, colorScheme) {
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
