import {expect, test, MARIA, SAM} from '../lib/test.mjs';
import {Worker} from '../lib/worker.mjs';

const ONCE = {tag: '@any-width'};
const PAGES = ['/', '/messages.html', '/notifications.html', '/appointments.html', '/new-message.html', '/notification-settings.html'];

class Bell {
  constructor({page}) {
    this.page = page;
    this.button = page.locator('#bell');
    this.panel = page.locator('#bell-panel');
  }

  async says(word) {
    await expect(this.button).toHaveAccessibleName(`Notifications: ${word}`);
  }

  async opens() {
    await this.button.click();
    await expect(this.panel).toBeVisible();
  }

  async does(name) {
    if (!await this.panel.isVisible()) await this.opens();
    await this.panel.getByRole('button', {name}).click();
  }

  async settings() {
    const answer = await this.page.request.get('/api/push-subscriptions', {headers: {accept: 'application/json'}});
    expect(answer.status()).toBe(200);
    return answer.json();
  }

  /** Returns the ids of this person's push subscriptions. */
  async browsers() {
    return (await this.settings()).browsers.map(({id}) => id);
  }
}

const signedIn = signIn => async (push = {}, options = {}) => {
  const dana = await signIn('Dana Whitfield', {push, ...options});
  return [new Bell(dana), dana];
};

test('on every page a bell says that this browser was not asked yet, and nothing asks by itself', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  for (const path of PAGES) {
    await bell.page.goto(path);
    await bell.says('off');
  }
  expect(await bell.browsers()).toEqual([]);
  expect(await bell.page.evaluate(() => Notification.permission)).toBe('default');
});

test('turning on is one click, lasts, and is looked at again by each page', async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const kept = await bell.browsers();
  expect(kept).toHaveLength(1);
  expect((await bell.settings()).browsers[0].name).toMatch(/^Chrome on /);
  const checked = bell.page.waitForResponse(answer => answer.url().endsWith('/api/push-subscriptions') && answer.request().method() === 'PUT');
  await bell.page.goto('/messages.html');
  expect((await checked).status()).toBe(200);
  await bell.says('on');
  expect(await bell.browsers()).toEqual(kept);
});

test('long after signing in it takes one click to the sign-in and back, and is on then', async ({stack, signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.page.goto('/messages.html');
  await bell.says('off');
  await stack.sessionsAreOlder(10);
  await bell.does('Turn on');
  await bell.says('sign in');
  await bell.page.screenshot({path: `artefacts/${test.info().project.name}-bell-again.png`});
  expect(await bell.browsers()).toEqual([]);
  await bell.panel.getByRole('link', {name: 'Sign in again'}).click();
  await bell.page.getByRole('button', {name: 'Dana Whitfield'}).click();
  await expect(bell.page).toHaveURL(/\/messages\.html$/);
  await bell.says('on');
  expect(await bell.browsers()).toHaveLength(1);
});

test('turning off is one click, and stays so', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  await bell.does('Turn off');
  await bell.says('off');
  await expect.poll(() => bell.browsers()).toEqual([]);
  await bell.page.reload();
  await bell.says('off');
  expect(await bell.browsers()).toEqual([]);
  await bell.does('Turn on');
  await bell.says('on');
});

test('who answers Block, or has before, is told how to allow it again', async ({signIn}) => {
  const [bell] = await signedIn(signIn)({answer: 'denied'});
  await bell.does('Turn on');
  await bell.says('blocked');
  await bell.page.reload();
  await bell.says('blocked');
  await bell.opens();
  await expect(bell.panel).toContainText('Only you can allow them again');
  await bell.panel.getByRole('link', {name: 'How to allow them again'}).click();
  await expect(bell.page).toHaveURL(/help-push\.html#denied$/);
  await expect(bell.page.locator('#denied')).toBeInViewport();
});

test('what the browser itself is told is what the bell says, also while the page is open', ONCE, async ({browser, signIn}) => {
  const {page} = await signIn('Dana Whitfield');
  const bell = new Bell({page});
  const window = await page.context().newCDPSession(page);
  const {targetInfo: {browserContextId}} = await window.send('Target.getTargetInfo');
  const tools = await browser.newBrowserCDPSession();
  const tells = setting => tools.send('Browser.setPermission', {
    permission: {name: 'notifications'}, setting, origin: new URL(page.url()).origin, browserContextId,
  });
  await tells('denied');
  await bell.says('blocked');
  await page.reload();
  await bell.says('blocked');
  await bell.opens();
  await expect(bell.panel.getByRole('link', {name: 'How to allow them again'})).toBeVisible();
  expect(await page.evaluate(() => Notification.permission)).toBe('denied');
  await tells('granted');
  await bell.says('off');
  await expect(bell.panel.getByRole('button', {name: 'Turn on'})).toBeVisible();
  await tells('denied');
  await bell.says('blocked');
  expect(await bell.browsers()).toEqual([]);
});

test('who does not answer can do so the next time', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)({answer: 'default'});
  await bell.does('Turn on');
  await expect(bell.panel).toContainText('was not answered');
  await bell.says('off');
});

test('a browser without push says so', ONCE, async ({openWindow, signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.page.addInitScript(() => { delete window.PushManager; });
  await bell.page.goto('/');
  await bell.says('not here');
  await bell.opens();
  await expect(bell.panel.getByRole('link', {name: 'Which browsers can'})).toBeVisible();
});

for (const [device, userAgent] of [
  ['an iPhone', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'],
  ['an iPad', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'],
]) {
  test(`${device} is told of the Home Screen first`, ONCE, async ({signIn}) => {
    const [bell] = await signedIn(signIn)({}, {userAgent, hasTouch: true});
    await bell.page.addInitScript(() => {
      delete window.PushManager;
      Object.defineProperty(navigator, 'platform', {get: () => 'MacIntel'});
      Object.defineProperty(navigator, 'maxTouchPoints', {get: () => 5});
    });
    await bell.page.goto('/');
    await bell.says('install');
    await bell.opens();
    await expect(bell.panel).toContainText('Add to Home Screen');
  });
}

test('a browser that does not reach its push service says why, and tries again when asked', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)({fails: 'AbortError'});
  await bell.does('Turn on');
  await bell.says('broken');
  await expect(bell.panel.locator('.problem')).toContainText('could not reach its own push service');
  expect(await bell.browsers()).toEqual([]);
  await bell.panel.getByRole('button', {name: 'Try again'}).click();
  await bell.says('broken');
});

test('a push service that is not allowed is said in words', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)({endpoints: 'https://push.example'});
  await bell.does('Turn on');
  await bell.says('broken');
  await expect(bell.panel.locator('.problem')).not.toBeEmpty();
  expect(await bell.browsers()).toEqual([]);
});

test('a subscription to a key that is not ours any more is renewed by itself', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const [before] = await bell.browsers();
  await bell.page.evaluate(async () => {
    const {publicKey} = await crypto.subtle.generateKey({name: 'ECDH', namedCurve: 'P-256'}, true, ['deriveBits']);
    const raw = await crypto.subtle.exportKey('raw', publicKey);
    const known = JSON.parse(localStorage.getItem('pretended-subscription'));
    known.key = btoa(String.fromCharCode(...new Uint8Array(raw))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    localStorage.setItem('pretended-subscription', JSON.stringify(known));
  });
  await bell.page.reload();
  await bell.says('on');
  await expect.poll(() => bell.browsers()).toEqual([expect.not.stringContaining(before)]);
  const {key} = await bell.settings();
  expect(await bell.page.evaluate(() => JSON.parse(localStorage.getItem('pretended-subscription')).key)).toBe(key);
});

test('when the browser itself changes its subscription, the worker says so', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)({}, {permissions: ['notifications']});
  await bell.does('Turn on');
  await bell.says('on');
  const [before] = await bell.browsers();
  const worker = await Worker.of(bell.page);
  await bell.page.goto('about:blank');
  await worker.inside.evaluate(async known => {
    const oldSubscription = {endpoint: known.endpoint};
    known.endpoint += '-renewed';
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async () => ({options: {}, toJSON: () => known});
    const event = Object.assign(new ExtendableEvent('pushsubscriptionchange'), {oldSubscription, newSubscription: null});
    dispatchEvent(event);
  }, await keptIn(bell));
  await expect.poll(() => bell.browsers(), 'the new one has taken the place of the old one').toEqual([expect.not.stringContaining(before)]);
});

async function keptIn(bell) {
  const page = await bell.page.context().newPage();
  await page.goto('/help-push.html');
  const known = await page.evaluate(() => JSON.parse(localStorage.getItem('pretended-subscription')));
  await page.close();
  return {endpoint: known.endpoint, keys: known.keys};
}

test('a test goes to Switchboard, and the bell says when it was shown', async ({signIn}) => {
  const [bell] = await signedIn(signIn)({}, {permissions: ['notifications']});
  await bell.does('Turn on');
  await bell.says('on');
  const worker = await Worker.of(bell.page);
  const sent = bell.page.waitForResponse(answer => answer.url().endsWith('/test'));
  await bell.does('Send a test');
  const {test: nonce} = await (await sent).json();
  await worker.isPushed({id: nonce, kind: 'test', conversation: null, title: 'Switchboard', body: 'This is a test.', at: new Date().toISOString(), unanswered: 0});
  await expect(bell.panel.getByRole('status').first()).toHaveText(/^Shown at \d+:\d\d:\d\d [AP]M, [\d.]+ s after you asked\./);
  expect(await worker.shows()).toMatchObject([{body: 'This is a test.'}]);
});

test('one that was removed elsewhere stays off here until somebody turns it on', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const [id] = await bell.browsers();
  const removed = await bell.page.evaluate(async id => (await fetch(`/api/push-subscriptions/${id}`, {method: 'DELETE', headers: {Accept: 'application/json'}})).status, id);
  expect(removed).toBe(204);
  await bell.page.reload();
  await bell.says('off');
  await bell.opens();
  await expect(bell.panel).toContainText('You have removed this browser from your list');
  expect(await bell.browsers()).toEqual([]);
  await bell.page.reload();
  await bell.says('off');
  await bell.does('Turn on');
  await bell.says('on');
});

test('a subscription that the browser has lost is made anew by itself, and says so where it cannot be', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const [lost] = await bell.browsers();
  const loses = () => bell.page.evaluate(() => localStorage.removeItem('pretended-subscription'));
  await loses();
  await bell.page.reload();
  await bell.says('on');
  await expect.poll(() => bell.browsers()).toEqual([expect.not.stringContaining(lost)]);
  await loses();
  await bell.page.addInitScript(() => {
    const {subscribe} = PushManager.prototype;
    PushManager.prototype.subscribe = async function(options) {
      if (!localStorage.getItem('reaches')) throw new DOMException('push service error', 'AbortError');
      return subscribe.call(this, options);
    };
  });
  for (const _ of ['once', 'and as long as it is so']) {
    await bell.page.reload();
    await bell.says('broken');
    await bell.opens();
    await expect(bell.panel.locator('.problem')).toContainText('could not reach its own push service');
  }
  await bell.page.evaluate(() => localStorage.setItem('reaches', 'yes'));
  await bell.page.reload();
  await bell.says('on');
  expect(await bell.browsers()).toHaveLength(1);
});

test('a lost subscription of a browser that was removed elsewhere meanwhile is not made anew', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const [id] = await bell.browsers();
  await bell.page.evaluate(async id => {
    localStorage.removeItem('pretended-subscription');
    await fetch(`/api/push-subscriptions/${id}`, {method: 'DELETE', headers: {Accept: 'application/json'}});
  }, id);
  await bell.page.reload();
  await bell.says('off');
  expect(await bell.browsers()).toEqual([]);
  expect(await bell.page.evaluate(() => localStorage.getItem('pretended-subscription'))).toBe(null);
});

test('pages that find a subscription lost at once make one', ONCE, async ({signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const others = await Promise.all([1, 2, 3].map(() => bell.page.context().newPage()));
  await bell.page.evaluate(() => localStorage.removeItem('pretended-subscription'));
  await Promise.all(others.map(page => page.goto('/')));
  for (const page of others) await new Bell({page}).says('on');
  const [kept, ...more] = await bell.browsers();
  expect(more).toEqual([]);
  expect(await others[0].evaluate(() => localStorage.getItem('push-subscription'))).toBe(kept);
});

test('a push service that takes nothing more is said by the bell, and Try again makes a new connection', ONCE, async ({stack, pushService, signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const [before] = await bell.browsers();
  pushService.refuses = true;
  await stack.customerTexts(MARIA, 'Hello');
  await expect.poll(async () => (await bell.settings()).browsers[0].lastProblem?.lasts).toBe(true);
  await bell.page.reload();
  await bell.says('broken');
  await bell.opens();
  await expect(bell.panel.locator('.problem')).toContainText('did not accept a notification');
  pushService.refuses = false;
  await bell.does('Try again');
  await bell.says('on');
  expect(await bell.browsers()).toEqual([expect.not.stringContaining(before)]);
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect.poll(async () => (await bell.settings()).browsers[0].lastDelivery).toBeTruthy();
  await bell.page.reload();
  await bell.says('on');
});

test('a problem that is over is none of the bell\'s any more, and the settings still tell of it', async ({stack, pushService, signIn}) => {
  const [bell] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  const problem = async () => (await bell.settings()).browsers[0].lastProblem;
  pushService.refuses = true;
  await stack.customerTexts(MARIA, 'Hello');
  await expect.poll(async () => (await problem())?.over).toBe(false);
  pushService.refuses = false;
  await stack.customerTexts(SAM, 'Is it open today?');
  await expect.poll(async () => (await problem()).over).toBe(true);
  await bell.page.goto('/notification-settings.html');
  await bell.says('on');
  const row = bell.page.locator('.browser');
  await expect(row).toContainText('did not accept a notification. Notifications have arrived since.');
  await expect(row.locator('.problem')).toHaveCount(0);
  await bell.page.screenshot({path: `artefacts/${test.info().project.name}-problem-over.png`});
});

test('a browser that two people share tells the one who is signed in', ONCE, async ({signIn, dana: elsewhere}) => {
  const [bell, dana] = await signedIn(signIn)();
  await bell.does('Turn on');
  await bell.says('on');
  await dana.page.getByRole('button', {name: 'Sign out'}).click();
  await expect(dana.page).toHaveURL(/\/sign-in\.html/);
  await expect.poll(() => new Bell(elsewhere).browsers(), 'signing out ends it').toEqual([]);
  await dana.signsInAs('Marcus Bell');
  await bell.says('on');
  expect(await bell.browsers()).toHaveLength(1);
  expect(await new Bell(elsewhere).browsers()).toEqual([]);
});

test('the settings name each browser and mark this one; removing it turns the bell off', async ({signIn}) => {
  const [other] = await signedIn(signIn)();
  await other.does('Turn on');
  await other.says('on');
  const [bell] = await signedIn(signIn)();
  await bell.page.goto('/notification-settings.html');
  const rows = bell.page.locator('.browser');
  await expect(rows).toHaveCount(1);
  await expect(rows.getByText('This browser')).toHaveCount(0);
  await bell.does('Turn on');
  await bell.says('on');
  await bell.page.keyboard.press('Escape');
  await expect(rows).toHaveCount(2);
  const mine = rows.filter({hasText: 'This browser'});
  await expect(mine).toHaveCount(1);
  await bell.page.screenshot({path: `artefacts/${test.info().project.name}-settings-two.png`, fullPage: true});
  await mine.getByRole('button', {name: /^Remove/}).click();
  await expect(rows).toHaveCount(1);
  await bell.says('off');
  await expect(mine).toHaveCount(0);
  await bell.page.reload();
  await bell.says('off');
  await expect(rows).toHaveCount(1);
});

test('what is chosen is kept: which messages, and for the company what they show', ONCE, async ({signIn, marcus}) => {
  const [bell] = await signedIn(signIn)();
  await bell.page.goto('/notification-settings.html');
  await bell.page.getByLabel('Only those of my appointments').check();
  await bell.page.locator('#push-choice').getByRole('button', {name: 'Save'}).click();
  await expect.poll(async () => (await bell.settings()).messages).toBe('mine');
  await bell.page.getByLabel('Only “New message”').check();
  await bell.page.locator('#push-company').getByRole('button', {name: 'Save'}).click();
  await expect.poll(async () => (await bell.settings()).showsText).toBe(false);
  await bell.page.reload();
  await expect(bell.page.getByLabel('Only those of my appointments')).toBeChecked();
  await expect(bell.page.getByLabel('Only “New message”')).toBeChecked();
  const {messages, showsText} = await new Bell(marcus).settings();
  expect({messages, showsText}, 'one is a person\'s, the other the company\'s').toEqual({messages: 'all', showsText: false});
});

test('help is a click away from the bell and the Dashboard, and needs no session', async ({signIn, openWindow}) => {
  const [bell] = await signedIn(signIn)();
  await bell.page.goto('/');
  for (const name of ['How to answer an SMS', 'Turn web push notifications on or off']) {
    await expect(bell.page.getByRole('link', {name})).toBeVisible();
  }
  await bell.opens();
  await bell.panel.getByRole('link', {name: 'Help'}).click();
  await expect(bell.page.getByRole('heading', {level: 1})).toHaveText('Turn web push notifications on or off');
  const visitor = await openWindow();
  for (const path of ['/help-push.html', '/help-answering.html']) {
    await visitor.goto(path);
    const pictures = visitor.locator('main img');
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded();
      await expect.poll(() => picture.evaluate(({complete, naturalWidth}) => complete && naturalWidth > 100), await picture.getAttribute('alt')).toBe(true);
    }
    expect(await pictures.count()).toBeGreaterThan(1);
    await expect(visitor).toHaveURL(new RegExp(`${path}$`));
  }
});
