import {readFile, readdir} from 'node:fs/promises';
import {expect, test} from '../lib/test.mjs';

const sources = new URL('../../../static-site/assets/css/', import.meta.url);

test('the style sheet says what its sources say, without their comments and indentation', {tag: '@any-width'}, async ({openWindow}) => {
  const written = (await Promise.all((await readdir(sources)).map(name => readFile(new URL(name, sources), 'utf8')))).join('');
  const page = await openWindow();
  await page.goto('/sign-in.html');
  const [served, meant] = await page.evaluate(async written => {
    const text = await (await fetch(document.querySelector('link[rel="stylesheet"]').href)).text();
    // The browser's own words for each rule, in which it keeps the spaces after some commas and colons; in which
    // order the files are joined is not the matter here.
    const rules = text => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return [...sheet.cssRules].map(rule => rule.cssText.replaceAll(/([,:]) /g, '$1')).sort();
    };
    return [rules(text), rules(written)];
  }, written);
  expect(meant.length).toBeGreaterThan(9);
  expect(served).toEqual(meant);
});
