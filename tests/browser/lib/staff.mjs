// A member of staff with the portal in a browser window.
import {expect} from '@playwright/test';

export class Staff {
  constructor(page) {
    this.page = page;
    this.panel = page.getByRole('list', {name: 'Recent notifications'});
    this.feed = page.getByRole('list', {name: 'Notifications', exact: true});
    this.inbox = page.locator('#conversations');
    this.thread = page.locator('#messages');
    this.bubbles = page.locator('#messages .message');
    this.head = page.locator('#conversation-head');
    this.reply = page.getByRole('textbox', {name: 'Your reply'});
    this.send = page.getByRole('button', {name: 'Send', exact: true});
    this.problem = page.locator('main .problem');
    this.jump = page.getByRole('button', {name: 'New message ↓'});
    this.connection = page.locator('#connection');
    this.live = page.locator('#live');
    this.earlier = page.getByRole('button', {name: /Show earlier/});
  }

  /** Signs in with requests of the browser, without opening the pages on the way. */
  async signsInAs(name) {
    await this.sessionIsOf(name);
    await this.page.goto('/');
  }

  /** Signs a member of staff in, while open pages of this browser do not notice. */
  async sessionIsOf(name) {
    const {request} = this.page.context();
    const staff = (await (await request.get('/local/staff')).json()).find(member => member.name === name);
    const issuer = new URL((await request.get('/api/sign-in')).url());
    const form = {...Object.fromEntries(issuer.searchParams), staff: staff.id};
    const answer = await request.post(issuer.pathname, {form});
    expect(answer.ok(), `${name} is signed in`).toBe(true);
  }

  /** Signs in from the sign-in page: selects a person at the local identity provider. */
  async signsInHere(name) {
    await this.page.getByRole('link', {name: 'Sign in'}).click();
    await this.page.getByRole('button', {name}).click();
  }

  async opensDashboard() {
    await this.page.goto('/');
    await expect(this.panel.getByRole('listitem').first()).toBeVisible();
  }

  async opensNotifications() {
    await this.page.goto('/notifications.html');
    await expect(this.feed.getByRole('listitem').first()).toBeVisible();
  }

  async opensMessages() {
    await this.page.goto('/messages.html');
    await expect(this.inbox.getByRole('listitem').first()).toBeVisible();
  }

  /** Opens the conversation whose row contains a name, a number, or the last message. */
  async opensConversationWith(who) {
    await this.opensMessages();
    await this.inbox.getByRole('link').filter({hasText: who}).click();
    await this.page.waitForURL('**/conversation.html?c=*');
    await expect(this.bubbles.first()).toBeVisible();
  }

  async replies(text) {
    await this.reply.fill(text);
    await this.send.click();
  }

  /** Waits for the response to Send. A refresh can show a reply earlier, while the carrier still has the request. */
  async hasSent() {
    await expect(this.reply).toHaveValue('');
  }

  /** Returns the texts of the bubbles, top to bottom, without their authors. */
  async said() {
    return this.page.locator('#messages .bubble bdi').allInnerTexts();
  }

  async seesTheEnd() {
    await expect.poll(() => this.fromTheEnd(), 'the newest message is in sight').toBeLessThan(2);
  }

  async fromTheEnd() {
    return this.thread.evaluate(list => list.scrollHeight - list.clientHeight - list.scrollTop);
  }

  /** Waits until the page's socket is open and the page shows everything from before. */
  async isLive() {
    await expect(this.live).toHaveText('live');
  }

  /** Aborts the page's GET requests from now on: changes then come over the socket only. */
  async refreshesNoMore() {
    await this.page.route('**/api/**', route => (route.request().method() === 'GET' ? route.abort() : route.continue()));
  }

  /** Removes the refresh every five seconds from pages that are opened from now on. Other triggers of a refresh stay. */
  async refreshesOnlyForAReason() {
    await this.page.addInitScript(() => new MutationObserver(() => {
      for (const refreshed of document.querySelectorAll('[hx-trigger*="every 5s, "]')) {
        refreshed.setAttribute('hx-trigger', refreshed.getAttribute('hx-trigger').replace('every 5s, ', ''));
      }
    }).observe(document, {childList: true, subtree: true}));
  }

  /**
   * Controls the page's sockets. Call it before the page opens the first. It can cut open sockets, refuse new ones
   * (`holds`), drop their frames (`hushes`), and delay new ones until `opening`.
   */
  async holdsSockets() {
    const open = new Set();
    const hand = {
      holds: false,
      hushes: false,
      opening: null,
      made: 0,
      pings: 0,
      pongs: 0,
      async cut() {
        await Promise.all([...open].map(socket => socket.close({code: 1001})));
        open.clear();
      },
    };
    await this.page.routeWebSocket('**/live', async socket => {
      hand.made += 1;
      if (hand.holds) return socket.close({code: 1001});
      await hand.opening;
      open.add(socket);
      const server = socket.connectToServer();
      socket.onMessage(text => {
        if (hand.hushes) return;
        if (text === '{"action":"ping"}') hand.pings += 1;
        server.send(text);
      });
      server.onMessage(text => {
        if (hand.hushes) return;
        if (text === 'pong') hand.pongs += 1;
        socket.send(text);
      });
    });
    return hand;
  }

  /** Waits until the page has requested a path again and has received the response. */
  async refreshed(path, status) {
    const answer = await this.page.waitForResponse(
      response => new URL(response.url()).pathname === path && (status ?? response.status()) === response.status(),
    );
    await answer.finished();
  }
}
