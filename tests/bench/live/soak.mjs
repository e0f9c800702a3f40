// Five hundred texts while the page's socket is cut every few seconds, some of them stored late under
// an earlier time: at the end, and at every look until then, each is shown once and in its order.
import {MARIA} from '../../browser/lib/stack.mjs';
import {said, withStack} from './house.mjs';

const TEXTS = 500;
const CUT_EVERY = 4_000;
const LATE_EVERY = 10;

export function soak({minutes}) {
  return withStack(async ({stack, staff}) => {
    const dana = await staff('Dana Whitfield');
    const sockets = await dana.holdsSockets();
    const began = Date.now();
    // Each has its moment; one in ten comes only after the one that follows it.
    const pause = minutes * 60_000 / TEXTS;
    const text = number => ({id: `text ${number}`, from: MARIA, text: `text ${number}`, at: new Date(began + (number - 1) * pause)});
    await stack.deliver(text(1));
    await dana.opensConversationWith('text 1');
    let cuts = 0;
    const cutting = setInterval(() => sockets.cut().then(() => { cuts += 1; }), CUT_EVERY);
    let wrong = 0;
    try {
      for (let number = 2; number <= TEXTS; number += 1) {
        const wait = began + number * pause - Date.now();
        if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
        if (number % LATE_EVERY === 0 && number < TEXTS) continue;
        await stack.deliver(text(number));
        if (number % LATE_EVERY === 1) await stack.deliver(text(number - 1));
        if (number % 20 === 0 || number % 20 === 5) wrong += isInOrder(await dana.said()) ? 0 : 1;
      }
    } finally {
      clearInterval(cutting);
    }
    const all = Array.from({length: TEXTS}, (_, index) => `text ${index + 1}`);
    let shown = [];
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await new Promise(resolve => setTimeout(resolve, 500))) {
      shown = await dana.said();
      if (shown.length >= TEXTS) break;
    }
    const whole = JSON.stringify(shown) === JSON.stringify(all);
    said(`soak: ${TEXTS} texts in ${minutes} min, the socket cut`, `${cuts} times`, '');
    said('soak: looks at which one was doubled or out of its order', `${wrong}`, 'none', wrong === 0);
    const ok = said('soak: shown in the end, once and in order', `${new Set(shown).size} of ${TEXTS}`, 'all', whole);
    return ok && wrong === 0;
  });
}

function isInOrder(texts) {
  const numbers = texts.map(text => Number(text.split(' ')[1]));
  return numbers.every((number, place) => place === 0 || numbers[place - 1] < number);
}
