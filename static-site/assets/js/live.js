// The WebSocket that delivers changed rows. It is optional: refreshes bring whatever it misses, when it opens and every
// five seconds.

const sign = document.getElementById('live');

if (sign) {
  const address = `${location.origin.replace(/^http/, 'ws')}/live`;
  const MINUTE = 60_000;
  // API Gateway closes a connection that is idle for 10 minutes, and any after 2 hours.
  const BEAT = 5 * MINUTE;
  const RENEWAL = 105 * MINUTE;
  const LOOK = MINUTE / 4;

  let socket = null;
  let opening = null;
  let tries = 0;
  let opened = 0;
  let heard = 0;
  let looked = Date.now();
  let waiting = 0;
  // Whether a request has succeeded since the last socket. If not, the server is unreachable or nobody is signed in.
  let answered = false;
  let begun = false;

  const catchUp = () => document.dispatchEvent(new Event('catch-up'));

  function connect() {
    clearTimeout(waiting);
    if (opening) return;
    const mine = opening = new WebSocket(address);
    mine.onopen = () => {
      // The previous socket stays open until now, so no frame is missed.
      const old = socket;
      [socket, opening, tries] = [mine, null, 0];
      opened = heard = Date.now();
      if (old) drop(old);
      tell(true);
      catchUp();
    };
    mine.onmessage = ({data}) => {
      heard = Date.now();
      const staff = /^<template data-staff="([^"]+)">/.exec(data)?.[1];
      if (staff && isOwners(staff)) document.dispatchEvent(new CustomEvent('frame', {detail: data}));
    };
    mine.onclose = () => {
      if (opening === mine) opening = null;
      else if (socket === mine) lost();
      if (!opening) later();
    };
  }

  // Waits longer after each attempt, with jitter so that not all pages connect at once.
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => answered ? connect() : later(), Math.min(MINUTE / 2, 500 * 2 ** tries) * (0.5 + Math.random()));
    if (answered) tries += 1;
  }

  function lost() {
    if (!socket) return;
    drop(socket);
    socket = null;
    answered = false;
    tell(false);
    // The socket does not tell why it closed. If the session has ended, this request leads to the sign-in page.
    catchUp();
  }

  // A broken connection may take minutes to close, so nothing waits for it.
  function drop(old) {
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  }

  // Sends a ping, and reconnects if no answer comes within `patience` milliseconds.
  function beat(patience) {
    if (!socket) return;
    const [asked, beaten] = [Date.now(), socket];
    beaten.send('{"action":"ping"}');
    setTimeout(() => {
      if (socket !== beaten || heard >= asked) return;
      lost();
      connect();
    }, patience);
  }

  function wake() {
    looked = Date.now();
    if (!socket) later();
    else if (looked - opened > RENEWAL) connect();
    else beat(MINUTE / 12);
  }

  setInterval(() => {
    const now = Date.now();
    // A computer gives no notice that it slept, but its clock has jumped.
    const slept = now - looked > 4 * LOOK;
    looked = now;
    if (slept) {
      catchUp();
      return wake();
    }
    if (socket && now - opened > RENEWAL) connect();
    else if (now - heard > BEAT) beat(MINUTE / 6);
  }, LOOK);

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    tries = 0;
    wake();
  });
  addEventListener('online', () => {
    tries = 0;
    wake();
  });
  // A browser keeps no page with an open socket in its memory.
  addEventListener('pagehide', () => {
    clearTimeout(waiting);
    if (opening) drop(opening);
    if (socket) drop(socket);
    socket = opening = null;
  });
  addEventListener('pageshow', event => event.persisted && connect());

  // A short interruption is not shown.
  let telling = 0;

  function tell(on) {
    clearTimeout(telling);
    telling = setTimeout(() => {
      const before = sign.dataset.state;
      if (before === (on ? 'on' : 'off')) return;
      sign.dataset.state = on ? 'on' : 'off';
      sign.querySelector('.live-word').textContent = on ? 'live' : 'not live';
      sign.title = on ? 'What customers write shows at once.' : 'What customers write shows within five seconds.';
      const said = document.getElementById('live-said');
      if (before) said.textContent = on ? 'Live again.' : 'Not live. What customers write shows within five seconds.';
    }, on ? 0 : 2000);
  }

  // The first successful response shows that a person is signed in.
  document.addEventListener('htmx:after:request', ({detail}) => {
    if (detail.ctx.response.status >= 400) return;
    answered = true;
    if (begun) return;
    begun = true;
    connect();
  });

  tell(false);
}
