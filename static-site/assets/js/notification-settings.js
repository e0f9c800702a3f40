// The settings page: marks this browser's row, turns it off here when it is removed there, and sends tests.

const settings = document.getElementById('push-settings');

let mine = localStorage.getItem('push-subscription');
const rowOf = element => element.closest('[data-subscription]');
const mark = () => {
  for (const row of settings.querySelectorAll('[data-subscription]')) {
    row.querySelector('.this-browser').textContent = row.dataset.subscription === mine ? 'This browser' : '';
  }
};
document.addEventListener('htmx:after:swap', mark);
// The rows may have loaded before this script.
mark();
document.addEventListener('push-state', ({detail}) => {
  const other = detail.id !== mine;
  mine = detail.id;
  mark();
  // This browser was just added or removed.
  if (other) htmx.trigger(settings, 'refresh');
});
document.addEventListener('htmx:after:request', ({detail: {ctx}}) => {
  const removed = ctx.sourceElement.dataset.pushRemove;
  if (removed && removed === mine && ctx.response.status < 300) document.dispatchEvent(new Event('push-removed'));
});
settings.addEventListener('click', ({target}) => {
  const button = target.closest('[data-push-test]');
  if (!button) return;
  const said = rowOf(button).querySelector('.browser-test');
  const detail = {id: button.dataset.pushTest, say: words => { said.textContent = words; }};
  document.dispatchEvent(new CustomEvent('push-test', {detail}));
});
