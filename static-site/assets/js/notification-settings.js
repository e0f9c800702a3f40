// The settings: which of the browsers is this one, and what becomes of it when it is removed there.

const settings = document.getElementById('push-place');

if (settings) {
  let mine = localStorage.getItem('push-subscription');
  const mark = () => {
    for (const row of settings.querySelectorAll('[data-subscription]')) {
      const said = row.querySelector('.this-browser');
      if (said) said.textContent = row.dataset.subscription === mine ? 'This browser' : '';
    }
  };
  document.addEventListener('htmx:after:swap', mark);
  document.addEventListener('bell', ({detail}) => {
    const other = detail.id !== mine;
    mine = detail.id;
    mark();
    // It has just come, or gone.
    if (other) htmx.trigger(settings, 'refresh');
  });
  document.addEventListener('htmx:after:request', ({detail: {ctx}}) => {
    const row = ctx.sourceElement.closest('[data-subscription]');
    if (!row || ctx.request.method !== 'DELETE' || ctx.response.status >= 300) return;
    if (row.dataset.subscription === mine) document.dispatchEvent(new Event('removed'));
    htmx.trigger(settings, 'refresh');
  });
}
