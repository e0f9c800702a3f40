// Firefox, driven over WebDriver BiDi: its tabs, the permission prompt for notifications, and the notifications.
// Firefox draws the notifications itself here, because a machine for tests has no desktop that would.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import WebSocket from 'ws';
import {expect} from '@playwright/test';

const binary = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr';

const PREFERENCES = {
  // Firefox must not connect to any other machine.
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'remote.active-protocols': 1,
  'alerts.useSystemBackend': false,
  // In milliseconds: the time in which a click on a notification may open a window. One second is too short on a busy
  // machine.
  'dom.webnotifications.disable_open_click_delay': 60_000,
  // Milliseconds until the permission prompt can be answered.
  'security.notification_enable_delay': 0,
};

export class Firefox {
  /** Starts Firefox with a new profile and the given push service. */
  static async start(pushService) {
    const firefox = new Firefox();
    firefox.profile = await mkdtemp(join(tmpdir(), 'firefox-'));
    const preferences = {
      ...PREFERENCES,
      'dom.push.serverURL': pushService.address,
      'dom.push.testing.allowInsecureServerURL': true,
      'dom.push.connection.enabled': true,
    };
    const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
    await writeFile(join(firefox.profile, 'user.js'), lines.join(''));
    const options = ['--headless', '--no-remote', '--remote-debugging-port=0', '--remote-allow-system-access', '--profile', firefox.profile, 'about:blank'];
    // Not the home of the user who runs the tests: as root, Firefox refuses another user's home.
    const env = {...process.env, HOME: firefox.profile};
    firefox.process = spawn(binary, options, {stdio: ['ignore', 'ignore', 'pipe'], env});
    firefox.ended = once(firefox.process, 'exit');
    // Firefox ends with the tests, however they end.
    firefox.killed = () => firefox.process.kill('SIGKILL');
    process.on('exit', firefox.killed);
    const address = await firefox.#listens();
    firefox.socket = new WebSocket(`${address}/session`, {perMessageDeflate: false});
    await once(firefox.socket, 'open');
    firefox.socket.on('message', data => firefox.#hear(JSON.parse(data)));
    await firefox.send('session.new', {capabilities: {}});
    return firefox;
  }

  async #listens() {
    const said = [];
    const lines = createInterface({input: this.process.stderr});
    for await (const line of lines) {
      const address = line.match(/WebDriver BiDi listening on (ws:\S+)/)?.[1];
      if (address) {
        // Discards later output, so that the pipe does not fill.
        this.process.stderr.resume();
        return address;
      }
      said.push(line);
    }
    throw new Error(`${binary} ended before it could be driven:\n${said.join('\n')}`);
  }

  async stop() {
    this.process.kill('SIGKILL');
    await this.ended;
    process.off('exit', this.killed);
    await rm(this.profile, {recursive: true, force: true, maxRetries: 5});
  }

  #next = 1;
  #asked = new Map();

  #hear({id, type, result, error, message}) {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    if (type === 'success') asked.resolve(result);
    else asked.reject(new Error(`${asked.method}: ${error}: ${message}`));
  }

  /** Sends a command of WebDriver BiDi. Returns its result. */
  send(method, params = {}) {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, {resolve, reject, method});
      this.socket.send(JSON.stringify({id, method, params}));
    });
  }

  /** Runs a function in a tab, or in the browser's own window. */
  async run(context, work, argument = null) {
    const functionDeclaration = `async () => JSON.stringify(await (${work})(${JSON.stringify(argument)}) ?? null)`;
    const {type, result, exceptionDetails} = await this.send('script.callFunction', {functionDeclaration, awaitPromise: true, target: {context}, userActivation: false});
    if (type !== 'success') throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  async runAround(work, argument) {
    const {contexts} = await this.send('browsingContext.getTree', {'moz:scope': 'chrome', maxDepth: 0});
    const browser = contexts.find(({url}) => url.endsWith('/browser.xhtml'));
    return this.run(browser.context, work, argument);
  }

  async tabs() {
    const {contexts} = await this.send('browsingContext.getTree', {maxDepth: 0});
    return contexts.map(({context, url}) => new Tab(this, context, url));
  }

  async opensTab() {
    const {context} = await this.send('browsingContext.create', {type: 'tab'});
    return new Tab(this, context, 'about:blank');
  }

  /** Answers the permission prompt for notifications with "allow". */
  async allowsNotifications() {
    await expect.poll(() => this.runAround(() => {
      const {panel} = globalThis.PopupNotifications;
      const question = panel.state === 'open' && panel.firstElementChild;
      if (question?.id !== 'web-notifications-notification') return false;
      question.button.click();
      return true;
    }), 'Firefox asks whether notifications may be shown').toBe(true);
  }

  /** Returns the visible notifications: `[{title, text}]`. */
  async notifications() {
    return this.runAround(() => [...Services.ww.getWindowEnumerator()]
      .filter(window => window.location.href.endsWith('/alerts/alert.xhtml'))
      .map(({document}) => [document.getElementById('alertTitleLabel'), document.getElementById('alertTextLabel')])
      // A window that is still opening has no title and no text.
      .filter(([title, text]) => title && text)
      .map(([title, text]) => ({title: title.value, text: text.textContent})));
  }

  /** Clicks the notification with this text. */
  async clicksNotification(text) {
    await this.runAround(text => {
      const window = [...Services.ww.getWindowEnumerator()]
        .find(({document}) => document.getElementById('alertTextLabel')?.textContent === text);
      window.document.getElementById('alertBox').click();
    }, text);
  }
}

export class Tab {
  constructor(firefox, context, url) {
    Object.assign(this, {firefox, context, url});
  }

  async goto(url) {
    await this.firefox.send('browsingContext.navigate', {context: this.context, url, wait: 'complete'});
  }

  async close() {
    await this.firefox.send('browsingContext.close', {context: this.context});
  }

  async comesToFront() {
    await this.firefox.send('browsingContext.activate', {context: this.context});
  }

  run(work, argument) {
    return this.firefox.run(this.context, work, argument);
  }

  /** Waits until the page shows an element with this text. */
  async has(selector, text = '') {
    await expect.poll(() => this.run(({selector, text}) => {
      const found = document.querySelector(selector);
      return Boolean(found?.checkVisibility() && found.textContent.includes(text));
    }, {selector, text}).catch(() => false), `${selector} ${text}`).toBe(true);
  }

  /** Clicks an element with the mouse, as a person does. */
  async clicks(selector) {
    await this.has(selector);
    const {result} = await this.firefox.send('script.evaluate', {
      expression: `document.querySelector(${JSON.stringify(selector)})`, awaitPromise: false, target: {context: this.context},
    });
    const origin = {type: 'element', element: {sharedId: result.sharedId}};
    const actions = [{type: 'pointerMove', x: 0, y: 0, origin}, {type: 'pointerDown', button: 0}, {type: 'pointerUp', button: 0}];
    await this.firefox.send('input.performActions', {context: this.context, actions: [{type: 'pointer', id: 'mouse', actions}]});
  }
}
