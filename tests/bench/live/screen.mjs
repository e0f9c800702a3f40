// Handset to screen: from posting a customer's text to its bubble in the thread of a browser.
import {MARIA} from '../../browser/lib/stack.mjs';
import {now, said, share, withStack} from './house.mjs';

const PAUSE = 250;

export function screen({texts, connections}) {
  return withStack(async ({stack, opens, staff}) => {
    await stack.customerTexts(MARIA, 'text 0');
    const dana = await staff('Dana Whitfield');
    await dana.opensConversationWith('text 0');
    await dana.page.waitForFunction(() => document.getElementById('live').dataset.state === 'on');
    await opens(connections - 1, 'harbor-dental.marcus');
    await dana.page.evaluate(() => {
      window.shown = new Map();
      new MutationObserver(() => {
        const at = performance.timeOrigin + performance.now();
        // Several can come in one frame.
        for (const bubble of [...document.querySelectorAll('#messages .message bdi')].slice(-20)) {
          if (!window.shown.has(bubble.textContent)) window.shown.set(bubble.textContent, at);
        }
      }).observe(document.getElementById('messages'), {childList: true});
    });
    const posted = new Map();
    for (let text = 1; text <= texts; text += 1) {
      posted.set(`text ${text}`, now());
      await stack.customerTexts(MARIA, `text ${text}`);
      await new Promise(resolve => setTimeout(resolve, PAUSE * (0.5 + Math.random())));
    }
    await dana.page.waitForFunction(last => window.shown.has(last), `text ${texts}`);
    const shown = new Map(await dana.page.evaluate(() => [...window.shown]));
    const took = [...posted].map(([text, at]) => shown.get(text) - at);
    const [half, most] = [share(took, 0.5), share(took, 0.99)];
    const what = `handset to screen, ${connections} connections, ${texts} texts`;
    const met = [
      said(`${what}: p50`, `${half.toFixed(1)} ms`, '< 100 ms', half < 100),
      said(`${what}: p99`, `${most.toFixed(1)} ms`, '< 300 ms', most < 300),
    ];
    said(`${what}: most`, `${Math.max(...took).toFixed(1)} ms`, '');
    return met.every(Boolean);
  });
}
