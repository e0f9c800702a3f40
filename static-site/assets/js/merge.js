// The swap style "merge": what comes is put into a list by id and by place, and what is there stays.
//
// An element that is in the list already is replaced only if it came differently, and keeps the
// focus if it had it. A new one goes where its data-key says. An ".older" element stands where
// something was not loaded: it is kept only where that is so.

const isOlder = element => element.matches('.older');
const rowsOf = list => [...list.children].filter(child => child.dataset.key && !isOlder(child));
const keyOf = element => element.dataset.key;

// What is being merged: the button that asked for it, if one did, and whether it is a whole page of
// the list or only an element of it.
let asked = null;
let isPage = true;
// Its request, if there was one. A row that came over the socket since then is newer than what was asked for.
let request = null;

htmx.registerExtension('merge', {
  htmx_before_request(element, {ctx}) {
    ctx.since = performance.now();
  },
  htmx_before_swap(element, {ctx, tasks}) {
    asked = element.closest?.('.older') ?? null;
    isPage = ctx.request.method === 'GET';
    request = ctx;
    // So is what stands beside the list.
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

// A frame holds single rows for the lists of a page, and sometimes instead of a row that there is one
// to be asked for. What it holds for lists that this page has not, or has not filled yet, is left.
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

// What a list shows is not what was answered last.
const differs = list => document.dispatchEvent(new CustomEvent('differs', {detail: list}));

// Nothing is held of that customer any more.
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
  // Whoever watches the lists watches swaps: this is one, though nobody asked for it.
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

// Whether a row belongs where the list is complete. Beyond what was loaded it would look as if nothing
// were missing above it: it comes when that is asked for.
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

// A page of a feed has all that there is between its ends: a row that it has not is gone, unless it came since then.
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

// A page reaches from its newest row down to `older`, or to the end of the list if it has none.
// Nothing is missing in there; what is missing below it, `older` stands for.
function placeOlder(list, older, rows) {
  const lowest = older ? keyOf(older) : '';
  const highest = rows.map(keyOf).sort().at(-1) ?? '';
  for (const stale of list.querySelectorAll(':scope > .older')) {
    if (lowest < keyOf(stale) && keyOf(stale) <= highest) stale.remove();
  }
  // One that stands there already may have been pressed.
  if (!older || document.getElementById(older.id)) return;
  const below = rowsOf(list).filter(row => keyOf(row) < lowest).length;
  if (!below) return place(list, older);
  // A row that was in this very place before joins the page to what was loaded below it. Without one there
  // is something between; with one, what is below may still have changed since.
  const joined = rows.some(row => {
    const there = document.getElementById(row.id);
    return there && keyOf(there) === keyOf(row) && !there.alone;
  });
  if (!joined || request.catchingUp) request.next = [older.querySelector('button').getAttribute('hx-get'), below];
}

function place(list, row) {
  const came = row.outerHTML;
  const there = document.getElementById(row.id);
  // What came by itself says nothing of its neighbours.
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

// Where a reader goes on who pressed "Show earlier ones" with the keyboard.
function keepReadingAt(list, before) {
  const came = rowsOf(list).filter(row => !before.has(row));
  const first = list.dataset.merge === 'newest-first' ? came[0] : null;
  const next = (first && controls(first)[0]) ?? list.querySelector('.older button') ?? list;
  next.focus({preventScroll: true});
}
