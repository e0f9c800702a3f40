// The portal's service worker, controlled over the DevTools protocol. Chromium supports Google's push service only, so
// a test gives a push to the worker directly.
import {expect} from '@playwright/test';

export class Worker {
  /** Waits for the worker of the page's origin, and returns it. */
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
   * Delivers a push from `dispatch-push`, or any other data. Returns after the worker has handled everything: Chromium
   * forgets a notification that is requested while it is being shown.
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

  /** Ends the worker's process, as browsers do after some idle seconds. The worker keeps nothing in memory. */
  async sleeps() {
    await this.tools.send('ServiceWorker.stopAllWorkers');
  }

  /** Sets whether windows are focused. Under Playwright, all windows are. */
  async windowsAreFocused(focused) {
    await this.inside.evaluate(focused => {
      Object.defineProperty(WindowClient.prototype, 'focused', {get: () => focused, configurable: true});
    }, focused);
  }

  get inside() {
    return this.page.context().serviceWorkers().at(-1);
  }

  /**
   * Records windows that the worker focuses or opens, instead of doing it: one for each click, as Chromium allows, even
   * if the window is gone. Also records the badge on the app's icon.
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

  /**
   * Sets whether this browser has a push subscription for the worker: `pretendsPush` replaces the API in windows only.
   */
  async isSubscribed(subscribed = true) {
    await this.inside.evaluate(subscribed => {
      PushManager.prototype.getSubscription = async () => (subscribed ? {} : null);
    }, subscribed);
  }

  /** Records from now on which windows send messages to the worker. */
  async hearsWindows() {
    await this.inside.evaluate(() => {
      self.heard = new Set();
      addEventListener('message', ({source}) => self.heard.add(source.id));
    });
  }

  /** Returns how many windows have sent messages. */
  async heard() {
    return this.inside.evaluate(() => self.heard.size);
  }

  /** Runs `after`, and waits until the worker has finished its pending count of waiting customers. */
  async hasCounted(after) {
    await this.inside.evaluate(() => { self.counted = counting; });
    await after();
    await this.inside.evaluate(() => self.counted);
  }

  /** Records from now on which notifications are shown, and whether they make a sound. */
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

  /** Clicks the notification with this text. */
  async isClicked(body) {
    await this.inside.evaluate(async body => {
      const all = await registration.getNotifications();
      const notification = all.find(one => one.body === body);
      self.clicks = 1;
      dispatchEvent(new NotificationEvent('notificationclick', {notification}));
    }, body);
  }

  /** Clicks the notification with this text, and runs `happens` after the worker has listed the windows. */
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

  /** Makes every attempt to focus a window fail, as in a browser that has stopped waiting for the click's handler. */
  async focusesNothing() {
    await this.inside.evaluate(() => {
      WindowClient.prototype.focus = async () => { throw new TypeError('It did not come to the front.'); };
    });
  }

  /** Stops the worker's timers until `timePasses`. */
  async holdsTime() {
    await this.inside.evaluate(() => {
      self.waiting = [];
      self.setTimeout = (...timer) => self.waiting.push(timer);
    });
  }

  /** Runs the stopped timers. Returns how many there were. */
  async timePasses() {
    return this.inside.evaluate(() => self.waiting.splice(0).map(([work, , ...given]) => work(...given)).length);
  }

  /** Returns the notifications that are shown. */
  async shows() {
    return this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const all = await registration.getNotifications();
      return all.map(({title, body, tag}) => ({title, body, tag}));
    });
  }
}

let made = 0;

/** Returns a push about a customer's text. Each is newer than the one before. */
export function textOf(conversation, body, more = {}) {
  made += 1;
  return {
    id: `push-${made}`, kind: 'message', conversation, title: 'Maria Lopez', body,
    at: new Date(Date.UTC(2026, 0, 31, 12, 0, made)).toISOString(), unanswered: 1, ...more,
  };
}
