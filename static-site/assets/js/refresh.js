// What refreshes itself: cheaply when nothing has changed, at once when the reader comes back.

const refreshing = '[hx-trigger*="refresh"]';
const tags = new WeakMap();

htmx.registerExtension('refresh', {
  htmx_config_request(element, {ctx}) {
    if (!element.matches(refreshing)) return;
    // Nobody sees a hidden page: it catches up when it is looked at. Nor the pane that a phone leaves out.
    if (document.hidden && ctx.sourceEvent?.type === 'every' || !element.checkVisibility()) return false;
  },
  // Not before: one that waited for the answer to the one before it asks with that answer's tag.
  htmx_before_request(element, {ctx}) {
    const tag = tags.get(element);
    if (tag) ctx.request.headers['If-None-Match'] = tag;
  },
  htmx_after_request(element, {ctx}) {
    if (!element.matches(refreshing)) return;
    const tag = ctx.response.headers.get('ETag');
    if (ctx.response.status === 200 && tag) tags.set(element, tag);
  },
});

function catchUp() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll(refreshing)) htmx.trigger(element, 'refresh');
}

document.addEventListener('visibilitychange', catchUp);
addEventListener('online', catchUp);
addEventListener('pageshow', event => event.persisted && catchUp());
document.addEventListener('catch-up', catchUp);

// What a frame has changed is not what the last answer said: the next is to be a whole one.
document.addEventListener('merged', event => tags.delete(event.detail));

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
