// A stack, the sockets of those who look on, and a browser: all of this process, and gone with it.
import {mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {HARBOR, Stack} from '../../browser/lib/stack.mjs';
import {Staff} from '../../browser/lib/staff.mjs';

const {chromium} = createRequire(new URL('../../browser/package.json', import.meta.url))('playwright-core');

/** How many sockets a session may have (`shared/store/src/slots.rs`). */
const A_SESSION = 10;

export {HARBOR};
export const now = () => performance.timeOrigin + performance.now();

export async function withStack(work, {onDisk = false} = {}) {
  const data = onDisk ? await mkdtemp(join(tmpdir(), 'switchboard-')) : null;
  const stack = await Stack.start({data});
  const sockets = [];
  let browser = null;
  const house = {
    stack,
    /** The cookie of a member of staff who has signed in, `<company>.<person>`. */
    signIn: staff => signIn(stack.address, staff),
    /** So many pages' sockets, each telling `heard(number, frame)` what comes: ten of each session, which may have no more. */
    async opens(count, name, heard = () => {}) {
      for (let first = 0; first < count; first += A_SESSION) {
        const cookie = await signIn(stack.address, name);
        const numbers = Array.from({length: Math.min(A_SESSION, count - first)}, (_, place) => first + place);
        sockets.push(...await Promise.all(numbers.map(number => open(stack.address, cookie, frame => heard(number, frame)))));
      }
    },
    /** Somebody at a browser of their own. */
    async staff(name) {
      browser ??= await chromium.launch({
        executablePath: process.env.CHROME_PATH,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      });
      const context = await browser.newContext({baseURL: stack.address});
      const staff = new Staff(await context.newPage());
      await staff.signsInAs(name);
      return staff;
    },
  };
  try {
    return await work(house);
  } finally {
    await browser?.close();
    for (const socket of sockets) socket.close();
    await stack.stop();
    if (data) await rm(data, {recursive: true});
  }
}

async function signIn(address, staff) {
  const follow = (url, options = {}) => fetch(url, {redirect: 'manual', ...options});
  const cookies = response => response.headers.getSetCookie().map(cookie => cookie.split(';')[0]);
  const begun = await follow(`${address}/api/sign-in`);
  const issuer = new URL(begun.headers.get('location'));
  const body = new URLSearchParams([...issuer.searchParams, ['staff', staff]]);
  const picked = await follow(issuer.origin + issuer.pathname, {method: 'POST', body});
  const back = await follow(picked.headers.get('location'), {headers: {cookie: cookies(begun).join('; ')}});
  const session = cookies(back).find(cookie => cookie.startsWith('switchboard='));
  if (!session) throw new Error(`${staff} cannot sign in`);
  return session;
}

function open(address, cookie, heard) {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/live`, {headers: {cookie}});
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error('a socket was not opened'));
    socket.onmessage = ({data}) => heard(data);
  });
}

/** The figure below which so much of them is. */
export function share(figures, part) {
  const sorted = [...figures].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
}

export function said(what, figure, target, met) {
  console.log(`${what.padEnd(72)} ${figure.padStart(12)}   ${target}${target ? (met ? ': met' : ': NOT met') : ''}`);
  return met;
}
