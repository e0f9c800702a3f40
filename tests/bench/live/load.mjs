// Two hundred conversations and fifty members of staff for ten minutes: nothing is lost, refreshes stay quick, and
// the memory at the end is that of the beginning. The table is a file, as it is for whoever runs it locally.
import {readFile} from 'node:fs/promises';
import {HARBOR, now, said, share, withStack} from './house.mjs';

const CONVERSATIONS = 200;
const STAFF = 50;
const A_SECOND = 100;
/** One in so many messages is a reply: nobody may send more than twenty a minute. */
const REPLY_EVERY = 200;
const REFRESH_EVERY = 5_000;
const FIRMS = [
  {line: HARBOR, number: place => `+1425555${`${place}`.padStart(4, '0')}`, staff: ['harbor-dental.dana', 'harbor-dental.marcus', 'harbor-dental.priya']},
  {line: '+61491570006', number: place => `+6149157${`${place}`.padStart(4, '0')}`, staff: ['tidewater-physio.josie']},
];

export function load({minutes}) {
  return withStack(async ({stack, signIn, opens}) => {
    const call = (cookie, path, options = {}) => fetch(stack.address + path, {...options, headers: {cookie, ...options.headers}});
    const json = async (cookie, path) => (await call(cookie, path, {headers: {accept: 'application/json'}})).json();
    const cookies = await Promise.all(FIRMS.map(({staff}) => Promise.all(staff.map(signIn))));
    const customers = Array.from({length: CONVERSATIONS}, (_, place) => {
      const firm = place % FIRMS.length;
      return {firm, from: FIRMS[firm].number(300 + place), line: FIRMS[firm].line, said: [], conversation: null};
    });
    for (const customer of customers) {
      await stack.customerTexts(customer.from, 'hello', customer.line);
      customer.said.push('hello');
    }
    for (const [firm, [cookie]] of cookies.entries()) {
      for (let path = '/api/conversations?limit=100'; path;) {
        const {items, next} = await json(cookie, path);
        for (const {number, conversation} of items) customers.find(it => it.from === number && it.firm === firm).conversation = conversation;
        path = next;
      }
    }
    let frames = 0;
    for (const {staff} of FIRMS) {
      for (const name of staff) await opens(Math.ceil(STAFF / FIRMS.length / staff.length), name, () => { frames += 1; });
    }

    const refreshes = [];
    const failures = [];
    let ended = false;
    const refreshing = Array.from({length: STAFF}, async (_, place) => {
      const cookie = cookies[place % FIRMS.length][0];
      let tag = '';
      await pause(place * REFRESH_EVERY / STAFF);
      while (!ended) {
        const asked = now();
        const answer = await call(cookie, '/api/notifications?limit=10', {headers: {'if-none-match': tag, accept: 'text/html'}});
        await answer.text();
        refreshes.push(now() - asked);
        if (answer.status >= 400) failures.push(answer.status);
        tag = answer.headers.get('etag') ?? tag;
        await pause(Math.max(0, REFRESH_EVERY - (now() - asked)));
      }
    });

    const memory = async () => Number((await readFile(`/proc/${stack.process.pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+)/)[1]) / 1024;
    const total = minutes * 60 * A_SECOND;
    const began = now();
    const under = new Set();
    let [late, first] = [0, null];
    for (let number = 0; number < total; number += 1) {
      const wait = began + number * 1000 / A_SECOND - now();
      if (wait > 0) await pause(wait);
      // What has its moment while a second's worth is still under way waits for that: it is no use to pile up.
      else if (under.size > A_SECOND) { late += 1; await Promise.race(under); }
      if (!first && now() - began > 60_000) first = await memory();
      const customer = customers[(number + Math.floor(number / CONVERSATIONS)) % CONVERSATIONS];
      const text = `text ${number}`;
      customer.said.push(text);
      const sending = number % REPLY_EVERY === 0
        ? call(cookies[customer.firm][number / REPLY_EVERY % cookies[customer.firm].length], `/api/conversations/${customer.conversation}/messages`, {
          method: 'POST', headers: {'content-type': 'application/json', accept: 'application/json', 'sec-fetch-site': 'same-origin'}, body: JSON.stringify({text}),
        }).then(answer => answer.status === 201 || failures.push(answer.status))
        : stack.customerTexts(customer.from, text, customer.line).catch(() => failures.push('text'));
      const done = sending.finally(() => under.delete(done));
      under.add(done);
    }
    await Promise.all(under);
    const took = (now() - began) / 1000;
    const last = await memory();
    ended = true;
    await Promise.all(refreshing);

    let [lost, doubled] = [0, 0];
    for (const customer of customers) {
      const shown = [];
      for (let path = `/api/conversations/${customer.conversation}/messages?limit=100`; path;) {
        const {items, next} = await json(cookies[customer.firm][0], path);
        shown.push(...items.map(({text}) => text));
        path = next;
      }
      lost += customer.said.filter(text => !shown.includes(text)).length;
      doubled += shown.length - new Set(shown).size;
    }
    const what = `load: ${CONVERSATIONS} conversations, ${STAFF} staff, ${minutes} min`;
    said(`${what}: messages, and a second`, `${total}, ${(total / took).toFixed(1)}`, `${A_SECOND}/s`, total / took > 0.99 * A_SECOND);
    said(`${what}: of them late by a second or more`, `${late}`, '');
    said(`${what}: frames that pages were sent`, `${frames}`, '');
    said(`${what}: refreshes, p50 and p99`, `${share(refreshes, 0.5).toFixed(1)}, ${share(refreshes, 0.99).toFixed(1)} ms`, '');
    said(`${what}: memory after a minute, at the end`, `${first?.toFixed(0)}, ${last.toFixed(0)} MB`, '');
    said(`${what}: requests that failed${failures.length ? `, with ${[...new Set(failures)]}` : ''}`, `${failures.length}`, 'none', !failures.length);
    const none = said(`${what}: messages lost, doubled`, `${lost}, ${doubled}`, 'none', lost + doubled === 0);
    return none && !failures.length;
  }, {onDisk: true});
}

function pause(milliseconds) {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
