// The portal's service worker, as the tools of Chromium's developers reach it: Chromium has no push service but
// Google's, so a push is handed to the worker where it would arrive from there.
import {expect} from '@playwright/test';

export class Worker {
  /** The worker of the page's origin, once it is at work. */
  static async of(page) {
    const worker = new Worker();
    worker.page = page;
    worker.origin = new URL(page.url()).origin;
    worker.tools = await page.context().newCDPSession(page);
    worker.tools.on('ServiceWorker.workerRegistrationUpdated', ({registrations}) => {
      worker.registration = registrations.find(({scopeURL, isDeleted}) => !isDeleted && scopeURL === `${worker.origin}/`)?.registrationId ?? worker.registration;
    });
    await worker.tools.send('ServiceWorker.enable');
    worker.tools.on('BackgroundService.backgroundServiceEventReceived', ({backgroundServiceEvent: {eventName}}) => {
      if (eventName === 'Push event completed') worker.completed += 1;
    });
    await worker.tools.send('BackgroundService.setRecording', {shouldRecord: true, service: 'pushMessaging'});
    await worker.tools.send('BackgroundService.startObserving', {service: 'pushMessaging'});
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
    await expect.poll(() => worker.registration, 'the service worker is registered').toBeTruthy();
    return worker;
  }

  pushed = 0;
  completed = 0;

  /**
   * What `dispatch-push` sends, or anything else. Ends when the worker has dealt with all there is: Chromium forgets
   * a notification that is asked for while it is being shown.
   */
  async isPushed(push) {
    const {origin, registration: registrationId} = this;
    const data = typeof push === 'string' ? push : JSON.stringify(push);
    this.pushed += 1;
    await this.tools.send('ServiceWorker.deliverPushMessage', {origin, registrationId, data});
    await expect.poll(() => this.completed, 'the worker has dealt with what was pushed').toBe(this.pushed);
  }

  async putsAllAway() {
    await this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      for (const notification of await registration.getNotifications()) notification.close();
    });
  }

  /** Ends the worker's process, as browsers do after some idle seconds: it keeps nothing in memory. */
  async sleeps() {
    await this.tools.send('ServiceWorker.stopAllWorkers');
  }

  /** Whether windows are in front of somebody: to Playwright, which the worker asks, all are. */
  async windowsAreFocused(focused) {
    await this.inside.evaluate(focused => {
      Object.defineProperty(WindowClient.prototype, 'focused', {get: () => focused, configurable: true});
    }, focused);
  }

  get inside() {
    return this.page.context().serviceWorkers().at(-1);
  }

  /**
   * From now on the worker's windows are noted instead of focused and opened: one for each click, as Chromium lets
   * them, also if that one is gone. So is what the worker puts on the app's icon.
   */
  async notesWindows() {
    await this.inside.evaluate(() => {
      const noted = self.noted = [];
      self.clicks = 0;
      const path = address => new URL(address, location.origin).href.slice(location.origin.length);
      const click = () => {
        if (!self.clicks) throw new DOMException('Not allowed to focus or open a window.', 'InvalidAccessError');
        self.clicks -= 1;
      };
      WindowClient.prototype.focus = async function() {
        click();
        if (!await clients.get(this.id)) throw new TypeError('The client was not found.');
        noted.push(['focus', path(this.url)]);
        return this;
      };
      Clients.prototype.openWindow = async address => {
        click();
        noted.push(['open', path(address)]);
      };
      navigator.setAppBadge = async number => { noted.push(['badge', number]); };
      navigator.clearAppBadge = async () => { noted.push(['badge', 0]); };
    });
  }

  /** To the worker this browser is subscribed, or not any more: what `pretendsPush` pretends is in windows alone. */
  async isSubscribed(subscribed = true) {
    await this.inside.evaluate(subscribed => {
      PushManager.prototype.getSubscription = async () => (subscribed ? {} : null);
    }, subscribed);
  }

  /** From now on it is noted which windows say something to the worker. */
  async hearsWindows() {
    await this.inside.evaluate(() => {
      self.heard = new Set();
      addEventListener('message', ({source}) => self.heard.add(source.id));
    });
  }

  /** How many have. */
  async heard() {
    return this.inside.evaluate(() => self.heard.size);
  }

  /** Does that, and waits until the worker has counted who waits, as it is about to. */
  async hasCounted(after) {
    await this.inside.evaluate(() => { self.counted = counting; });
    await after();
    await this.inside.evaluate(() => self.counted);
  }

  /** From now on it is noted what is shown, and whether it makes a sound. */
  async notesNotifications() {
    await this.inside.evaluate(() => {
      const notifications = self.notifications = [];
      const {showNotification} = ServiceWorkerRegistration.prototype;
      ServiceWorkerRegistration.prototype.showNotification = function(title, options) {
        notifications.push([options.body, options.tag, options.silent ? 'silent' : 'heard']);
        return showNotification.call(this, title, options);
      };
    });
  }

  async notifications() {
    return this.inside.evaluate(() => self.notifications);
  }

  async noted(...kinds) {
    return this.inside.evaluate(kinds => self.noted.filter(([kind]) => kinds.includes(kind)), kinds);
  }

  /** Somebody clicks the notification with this text. */
  async isClicked(body) {
    await this.inside.evaluate(async body => {
      const all = await registration.getNotifications();
      const notification = all.find(one => one.body === body);
      self.clicks = 1;
      dispatchEvent(new NotificationEvent('notificationclick', {notification}));
    }, body);
  }

  /** The same, and something else happens once the worker has found which windows there are. */
  async isClickedWhile(body, happens) {
    await this.inside.evaluate(() => {
      const {matchAll} = Clients.prototype;
      Clients.prototype.matchAll = async function(options) {
        Clients.prototype.matchAll = matchAll;
        const found = await this.matchAll(options);
        await new Promise(resolve => { self.goesOn = resolve; });
        return found;
      };
    });
    await this.isClicked(body);
    await expect.poll(() => this.inside.evaluate(() => Boolean(self.goesOn)), 'the worker has found the windows').toBe(true);
    await happens();
    await this.inside.evaluate(() => self.goesOn());
  }

  /** From now on no window comes to the front, as in a browser that waits no longer for what a click is to do. */
  async focusesNothing() {
    await this.inside.evaluate(() => {
      WindowClient.prototype.focus = async () => { throw new TypeError('It did not come to the front.'); };
    });
  }

  /** From now on no time passes in the worker: it goes on waiting for whatever it waits for, until `timePasses`. */
  async holdsTime() {
    await this.inside.evaluate(() => {
      self.waiting = [];
      self.setTimeout = (...timer) => self.waiting.push(timer);
    });
  }

  /** What it waits for has come; gives how much that was. */
  async timePasses() {
    return this.inside.evaluate(() => self.waiting.splice(0).map(([work, , ...given]) => work(...given)).length);
  }

  /** What stands in the corner of the screen. */
  async shows() {
    return this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const all = await registration.getNotifications();
      return all.map(({title, body, tag}) => ({title, body, tag}));
    });
  }
}

let made = 0;

/** A push of a customer's text, newer than the one before. */
export function textOf(conversation, body, more = {}) {
  made += 1;
  return {
    id: `push-${made}`, kind: 'message', conversation, title: 'Maria Lopez', body,
    at: new Date(Date.UTC(2026, 0, 31, 12, 0, made)).toISOString(), unanswered: 1, ...more,
  };
}
