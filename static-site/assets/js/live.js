// The WebSocket over which rows come as they change. It is a hint: whatever it misses, the refresh
// brings, at once when it opens and every five seconds as if there were none.

const sign = document.getElementById('live');

if (sign) {
  const address = `${location.origin.replace(/^http/, 'ws')}/live`;
  const MINUTE = 60_000;
  // The gateway closes what is idle for 10 minutes, and everything after 2 hours.
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
  // Whether the portal has answered since there was a socket: without, there is nobody to connect to,
  // or nobody signed in.
  let answered = false;
  let begun = false;

  const catchUp = () => document.dispatchEvent(new Event('catch-up'));

  function connect() {
    clearTimeout(waiting);
    if (opening) return;
    const mine = opening = new WebSocket(address);
    mine.onopen = () => {
      // The one that it renews is open until now: nothing falls between them.
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

  // Each time later, and never all pages at the same moment.
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
    // Why it is gone is said where words can be: if the session has ended, the answer leads to the sign-in page.
    catchUp();
  }

  // One that has lost its way may take minutes to notice: it is not waited for.
  function drop(old) {
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  }

  // Asks whether anybody is there, and does not wait long for the answer.
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
    // A computer that slept does not say so: its clock has jumped.
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
  // A page in the browser's memory has no socket, and the browser keeps none that has one.
  addEventListener('pagehide', () => {
    clearTimeout(waiting);
    if (opening) drop(opening);
    if (socket) drop(socket);
    socket = opening = null;
  });
  addEventListener('pageshow', event => event.persisted && connect());

  // Off for a moment is nothing to speak of.
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

  // The first answer says that somebody is signed in.
  document.addEventListener('htmx:after:request', ({detail}) => {
    if (detail.ctx.response.status >= 400) return;
    answered = true;
    if (begun) return;
    begun = true;
    connect();
  });

  tell(false);
}
