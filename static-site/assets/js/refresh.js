// Refreshes lists: with conditional requests while nothing changes, and completely when the person returns to the page.

const refreshing = '[hx-trigger*="refresh"]';
const tags = new WeakMap();
// The lists that may have missed changes in any of their rows, with the page from which they continue.
const behind = new WeakMap();

htmx.registerExtension('refresh', {
  htmx_config_request(element, {ctx}) {
    if (!element.matches(refreshing)) return;
    // A hidden page is not refreshed, and catches up when it is shown. Neither is the pane that a phone hides.
    if (document.hidden && ctx.sourceEvent?.type === 'every' || !element.checkVisibility()) return false;
  },
  // Set here, not earlier: a request that waited for the previous response uses that response's `ETag`.
  htmx_before_request(element, {ctx}) {
    // A list without rows has missed nothing.
    if (!element.filled) behind.delete(element);
    if (behind.has(element)) {
      ctx.request.action = behind.get(element).page ?? asMuchAsIsLoaded(element, ctx.request.action);
      // If there is no response, the next request starts again.
      ctx.catchingUp = {};
      behind.set(element, ctx.catchingUp);
    }
    const tag = tags.get(element);
    if (tag) ctx.request.headers['If-None-Match'] = tag;
  },
  htmx_after_request(element, {ctx}) {
    if (!element.matches(refreshing)) return;
    const tag = ctx.response.headers.get('ETag');
    if (ctx.response.status === 200 && tag) tags.set(element, tag);
    // Nothing has changed, so nothing was missed.
    if (ctx.response.status === 304 && behind.get(element) === ctx.catchingUp) behind.delete(element);
  },
});

// Requests the first page with as many rows as are loaded, but at least 25 and at most 100.
function asMuchAsIsLoaded(list, address) {
  const [least, loaded] = [25, list.querySelectorAll(':scope > [data-key]:not(.older)').length];
  return loaded > least ? pageOf(address, loaded) : address;
}

function pageOf(address, rows) {
  const url = new URL(address, location);
  url.searchParams.set('limit', Math.min(rows, 100));
  return url.pathname + url.search;
}

// If a page ends above the last row that the list shows, the next page follows until all rows are current.
document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
  const {target: list, catchingUp, next} = ctx;
  // Another refresh has started to catch up meanwhile.
  if (behind.get(list) !== catchingUp) return;
  if (!next) return behind.delete(list);
  // The response covers only a part, so a 304 would not be enough.
  tags.delete(list);
  behind.set(list, {page: pageOf(...next)});
  htmx.trigger(list, 'refresh');
});

function catchUp() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll(refreshing)) {
    behind.set(element, {});
    htmx.trigger(element, 'refresh');
  }
}

document.addEventListener('visibilitychange', catchUp);
addEventListener('online', catchUp);
addEventListener('pageshow', event => event.persisted && catchUp());
document.addEventListener('catch-up', catchUp);

// The next response must be complete, since the list has changed since the last one.
document.addEventListener('differs', event => tags.delete(event.detail));

// A single failure is not shown, since the next refresh may succeed. A second one is.
let failures = 0;

document.addEventListener('htmx:error', event => {
  if (!event.detail.ctx?.sourceElement?.matches?.(refreshing)) return;
  failures += 1;
  document.getElementById('connection').hidden = failures < 2;
});

document.addEventListener('htmx:after:request', event => {
  if (!event.detail.ctx.sourceElement.matches(refreshing)) return;
  failures = event.detail.ctx.response.status >= 500 ? failures + 1 : 0;
  document.getElementById('connection').hidden = failures < 2;
});
