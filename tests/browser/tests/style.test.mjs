import {readFile, readdir} from 'node:fs/promises';
import {expect, test} from '../lib/test.mjs';

const sources = new URL('../../../static-site/assets/css/', import.meta.url);

test('the style sheets say what their sources say, without their comments and indentation', {tag: '@any-width'}, async ({openWindow}) => {
  const written = (await Promise.all((await readdir(sources)).map(name => readFile(new URL(name, sources), 'utf8')))).join('');
  const page = await openWindow();
  await page.goto('/help-push.html');
  const addresses = new Set();
  for (const place of ['/help-push.html', '/history.html']) {
    const html = await (await page.request.get(place)).text();
    for (const [, address] of html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)) addresses.add(address);
  }
  const [served, meant] = await page.evaluate(async ([written, addresses]) => {
    const sheets = addresses.map(async address => (await fetch(address)).text());
    const text = (await Promise.all(sheets)).join('');
    // The browser's text of each rule, without the spaces after commas and colons. Sorted, because the order of the
    // files does not matter here.
    const rules = text => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return [...sheet.cssRules].map(rule => rule.cssText.replaceAll(/([,:]) /g, '$1')).sort();
    };
    return [rules(text), rules(written)];
  }, [written, [...addresses]]);
  expect(meant.length).toBeGreaterThan(9);
  expect(served).toEqual(meant);
});
