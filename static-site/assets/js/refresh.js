// What refreshes itself: cheaply when nothing has changed, at once and to its end when the reader comes back.

const refreshing = '[hx-trigger*="refresh"]';
const tags = new WeakMap();
// The lists that may have missed something at any place that they show, and the page with which they go on.
const behind = new WeakMap();

htmx.registerExtension('refresh', {
  htmx_config_request(element, {ctx}) {
    if (!element.matches(refreshing)) return;
    // Nobody sees a hidden page: it catches up when it is looked at. Nor the pane that a phone leaves out.
    if (document.hidden && ctx.sourceEvent?.type === 'every' || !element.checkVisibility()) return false;
  },
  // Not before: one that waited for the answer to the one before it asks with that answer's tag.
  htmx_before_request(element, {ctx}) {
    // One that shows nothing has missed nothing.
    if (!element.filled) behind.delete(element);
    if (behind.has(element)) {
      ctx.request.action = behind.get(element).page ?? asMuchAsIsLoaded(element, ctx.request.action);
      // Without an answer, the next request begins anew.
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
    // Nothing has changed, and nothing was missed.
    if (ctx.response.status === 304 && behind.get(element) === ctx.catchingUp) behind.delete(element);
  },
});

// The first page again, with all rows that are loaded, as far as one page can have them. So many it has at least.
function asMuchAsIsLoaded(list, address) {
  const [least, loaded] = [25, list.querySelectorAll(':scope > [data-key]:not(.older)').length];
  return loaded > least ? pageOf(address, loaded) : address;
}

function pageOf(address, rows) {
  const url = new URL(address, location);
  url.searchParams.set('limit', Math.min(rows, 100));
  return url.pathname + url.search;
}

// A page that ends above what the list shows is followed by the next, until all that it shows has come again.
document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
  const {target: list, catchingUp, next} = ctx;
  // Another catching up has begun meanwhile.
  if (behind.get(list) !== catchingUp) return;
  if (!next) return behind.delete(list);
  // What was answered is not all: that it has not changed would not be enough.
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

// Then the next answer is to be a whole one: that nothing has changed since would not be enough.
document.addEventListener('differs', event => tags.delete(event.detail));

// One failure is nothing to speak of; the next refresh may do. A second one is said, quietly.
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
