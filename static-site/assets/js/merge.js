// The swap style "merge": inserts new elements into a list by id and position, and keeps the others.
//
// An element that is in the list already is replaced only if its HTML differs, and keeps the focus. A new element is
// placed by its `data-key`. An ".older" element marks rows that are not loaded: it is kept only while there are any.

const isOlder = element => element.matches('.older');
const rowsOf = list => [...list.children].filter(child => child.dataset.key && !isOlder(child));
const keyOf = element => element.dataset.key;

// The state of the current merge: the button that asked for it, if one did, and whether it is a whole page of the list
// or single rows.
let asked = null;
let isPage = true;
// Its request, if there was one. A row that arrived over the socket since the request is newer than the response.
let request = null;

htmx.registerExtension('merge', {
  htmx_before_request(element, {ctx}) {
    ctx.since = performance.now();
  },
  htmx_before_swap(element, {ctx, tasks}) {
    asked = element.closest?.('.older') ?? null;
    isPage = ctx.request.method === 'GET';
    request = ctx;
    // The same holds for elements beside the list.
    for (const task of tasks) if (task.target?.live > ctx.since) {
      task.swapSpec = {style: 'none'};
      differs(ctx.target);
    }
  },
  handle_swap(style, list, fragment) {
    if (style !== 'merge') return false;
    const hadFocus = asked?.contains(document.activeElement);
    const before = new Set(rowsOf(list));
    merge(list, [...fragment.children]);
    if (hadFocus) keepReadingAt(list, before);
    list.filled = true;
    return true;
  },
});

// A frame has single rows for the lists of a page, or instead of a row the hint to request it. Parts for lists that
// this page does not have, or has not filled yet, are ignored.
document.addEventListener('frame', ({detail}) => {
  const frame = document.createElement('template');
  frame.innerHTML = detail;
  for (const piece of frame.content.querySelectorAll('template[data-live]')) {
    const {live, conversation, refresh} = piece.dataset;
    if (live === 'erased') {
      forget(conversation);
      continue;
    }
    if (live === 'not-listed') takeOff(conversation);
    const stands = ['head', 'opt-out'].includes(live);
    const list = document.querySelector(`[data-merge][data-live="${stands ? 'messages' : live}"]`);
    if (!list?.filled || conversation && conversation !== list.dataset.conversation) continue;
    if (refresh !== undefined) htmx.trigger(list, 'refresh');
    else if (stands) replace(piece.content.firstElementChild);
    else take(list, [...piece.content.children].filter(row => isLoaded(list, row)));
  }
});

// Announces that a list no longer matches the last response.
const differs = list => document.dispatchEvent(new CustomEvent('differs', {detail: list}));

// Removes the rows of a customer whose data was erased, or reloads their conversation.
function forget(conversation) {
  if (document.getElementById('messages')?.dataset.conversation === conversation) location.reload();
  else takeOff(conversation);
}

function takeOff(conversation) {
  for (const list of document.querySelectorAll('[data-merge]')) {
    const links = list.querySelectorAll(`a[href$="?c=${CSS.escape(conversation)}"]`);
    for (const link of links) link.closest('li').remove();
    if (links.length) htmx.trigger(list, 'refresh');
  }
}

function replace(came) {
  const there = document.getElementById(came.id);
  const stays = there?.outerHTML === came.outerHTML;
  if (!stays) {
    there?.replaceWith(came);
    htmx.process(came);
  }
  (stays ? there : came).live = performance.now();
  document.dispatchEvent(new Event('replaced'));
}

function take(list, rows) {
  if (!rows.length) return;
  // Scripts that watch lists listen for swaps, so this is announced as one, although no request caused it.
  const swap = {detail: {ctx: {sourceElement: list, request: {action: list.getAttribute('hx-get')}}}};
  document.dispatchEvent(new CustomEvent('htmx:before:swap', swap));
  [asked, isPage, request] = [null, false, null];
  merge(list, rows);
  for (const row of rows) {
    row.live = performance.now();
    htmx.process(row);
  }
  differs(list);
  document.dispatchEvent(new CustomEvent('htmx:after:swap', swap));
}

// Returns whether a row belongs to the loaded part of the list. A row beyond it would look as if none were missing
// above: it comes when that part is loaded.
function isLoaded(list, row) {
  if (document.getElementById(row.id)) return true;
  const above = [...list.children].filter(child => keyOf(child) > keyOf(row)).map(keyOf).sort()[0];
  return ![...list.querySelectorAll(':scope > .older')].some(older => keyOf(older) === above);
}

function merge(list, came) {
  const older = came.find(isOlder);
  const rows = came.filter(element => keyOf(element) && !isOlder(element));
  const empty = came.find(element => element.matches('.empty'));
  if (isPage && list.dataset.merge === 'newest-first') leaveOut(list, rows, older);
  if (empty && !rowsOf(list).length) return list.replaceChildren(empty);
  if (rows.length) list.querySelector(':scope > .empty')?.remove();
  const most = Number(list.dataset.most);
  if (isPage && !most) {
    asked?.remove();
    placeOlder(list, older, rows);
  }
  for (const row of rows) place(list, row);
  if (most) rowsOf(list).slice(most).forEach(row => row.remove());
}

// Removes rows that a page of the feed no longer has between its ends, unless they arrived after the request.
function leaveOut(list, rows, older) {
  const lowest = older ? keyOf(older) : '';
  const isNewest = !new URL(request.request.action, location).searchParams.has('before');
  const highest = rows.map(keyOf).sort().at(-1) ?? '';
  const has = new Set(rows.map(row => row.id));
  for (const row of rowsOf(list)) {
    const isWithin = lowest <= keyOf(row) && (isNewest || keyOf(row) <= highest);
    if (isWithin && !has.has(row.id) && !(row.live > request.since)) row.remove();
  }
}

// Places the ".older" element of a page. The page is complete from its newest row down to `older`, or to the end of the
// list without one. `older` stands for the missing rows below.
function placeOlder(list, older, rows) {
  const lowest = older ? keyOf(older) : '';
  const highest = rows.map(keyOf).sort().at(-1) ?? '';
  for (const stale of list.querySelectorAll(':scope > .older')) {
    if (lowest < keyOf(stale) && keyOf(stale) <= highest) stale.remove();
  }
  // One that is there already may have been pressed.
  if (!older || document.getElementById(older.id)) return;
  const below = rowsOf(list).filter(row => keyOf(row) < lowest).length;
  if (!below) return place(list, older);
  // A row that was at the same place before joins the page to the rows below it. Without one, rows between are missing;
  // with one, the rows below may still have changed.
  const joined = rows.some(row => {
    const there = document.getElementById(row.id);
    return there && keyOf(there) === keyOf(row) && !there.alone;
  });
  if (!joined || request.catchingUp) request.next = [older.querySelector('button').getAttribute('hx-get'), below];
}

function place(list, row) {
  const came = row.outerHTML;
  const there = document.getElementById(row.id);
  // A row from the socket says nothing about its neighbours.
  if (there && isPage) there.alone = false;
  if (there?.came === came) return;
  if (there?.live > request?.since) return differs(list);
  row.came = came;
  row.alone = !isPage && (there?.alone ?? true);
  if (!there && list.filled && !asked) row.classList.add('came');
  const focused = there ? controls(there).indexOf(document.activeElement) : -1;
  if (there && keyOf(there) === keyOf(row)) {
    there.replaceWith(row);
  } else {
    there?.remove();
    const newestFirst = list.dataset.merge === 'newest-first';
    const next = [...list.children].find(child => {
      if (!keyOf(child)) return false;
      return newestFirst ? keyOf(child) < keyOf(row) : keyOf(child) > keyOf(row);
    });
    list.insertBefore(row, next ?? null);
  }
  controls(row)[focused]?.focus({preventScroll: true});
}

const controls = row => [...row.querySelectorAll('a, button')];

// Moves the focus on for a person who pressed "Show earlier ones" with the keyboard.
function keepReadingAt(list, before) {
  const came = rowsOf(list).filter(row => !before.has(row));
  const first = list.dataset.merge === 'newest-first' ? came[0] : null;
  const next = (first && controls(first)[0]) ?? list.querySelector('.older button') ?? list;
  next.focus({preventScroll: true});
}
