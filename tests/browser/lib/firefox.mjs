// Firefox, driven over WebDriver BiDi: also what it shows outside of pages, such as a notification in the
// corner of the screen.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import WebSocket from 'ws';

const binary = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr';

export class Firefox {
  /** Starts one that nobody has used before, with these preferences. */
  static async start(preferences = {}) {
    const firefox = new Firefox();
    firefox.profile = await mkdtemp(join(tmpdir(), 'firefox-'));
    const all = {...QUIET, ...preferences};
    const lines = Object.entries(all).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
    await writeFile(join(firefox.profile, 'user.js'), lines.join(''));
    firefox.process = spawn(
      binary,
      ['--headless', '--no-remote', '--remote-debugging-port=0', '--remote-allow-system-access', '--profile', firefox.profile, 'about:blank'],
      {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1', HOME: firefox.profile}},
    );
    firefox.killed = () => firefox.process.kill('SIGKILL');
    process.on('exit', firefox.killed);
    let address = null;
    const lines2 = createInterface({input: firefox.process.stderr});
    for await (const line of lines2) {
      if (process.env.FIREFOX_SAYS) console.error(line);
      address = line.match(/WebDriver BiDi listening on (ws:\S+)/)?.[1];
      if (address) break;
    }
    if (!address) throw new Error(`${binary} ended before it listened`);
    firefox.process.stderr.resume();
    firefox.socket = new WebSocket(`${address}/session`, {perMessageDeflate: false});
    await once(firefox.socket, 'open');
    firefox.socket.on('message', data => firefox.#hear(JSON.parse(data)));
    const {capabilities} = await firefox.send('session.new', {capabilities: {alwaysMatch: {webSocketUrl: true}}});
    firefox.capabilities = capabilities;
    return firefox;
  }

  #next = 1;
  #waiting = new Map();

  #hear(message) {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    if (message.type === 'success') waiting.resolve(message.result);
    else waiting.reject(new Error(`${waiting.method}: ${message.error}: ${message.message}`));
  }

  send(method, params = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {resolve, reject, method});
      this.socket.send(JSON.stringify({id, method, params}));
    });
  }

  async stop() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
    process.off('exit', this.killed);
    await rm(this.profile, {recursive: true, force: true, maxRetries: 5});
  }
}

const QUIET = {
  'remote.active-protocols': 1,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'browser.shell.checkDefaultBrowser': false,
};
