// Shows an error where the request was made, and removes nothing from the screen.

document.addEventListener('htmx:after:request', event => {
  const {ctx} = event.detail;
  const {status} = ctx.response;
  if (status === 401) {
    event.preventDefault();
    if (!document.querySelector('[data-leaves]')) goToSignIn();
    return;
  }
  // If another person has changed the appointment, the response is the form itself and replaces it. Other conflicts are
  // shown as text.
  if (status === 409 && ctx.sourceElement.matches('[data-tells-of-changes]') && ctx.text.includes('id="told"')) return;
  const place = placeFor(ctx.sourceElement);
  if (status < 400) {
    if (ctx.request.method !== 'GET') place?.replaceChildren();
    return;
  }
  event.preventDefault();
  if (status >= 500 && ctx.request.method === 'GET') return;
  if (place) place.innerHTML = ctx.response.headers.get('Content-Type')?.includes('html') ? ctx.text : '';
  if (place && !place.hasChildNodes()) sayProblem(place, 'That did not work. Nothing is lost; try again in a moment.');
});

document.addEventListener('htmx:error', event => {
  const {ctx} = event.detail;
  if (!ctx?.request || ctx.request.method === 'GET') return;
  const place = placeFor(ctx.sourceElement);
  if (!place) return;
  sayProblem(place, ctx.sourceElement.matches('.composer')
    ? 'No connection. Press Send again when you are back online: it will not be sent twice.'
    : 'No connection. Nothing is lost: press the button again when you are back online.');
});

function placeFor(element) {
  return element.closest('form')?.querySelector('.problem-place') ?? element.closest('section')?.querySelector('.problem-place');
}

globalThis.sayProblem = (place, words) => {
  const said = document.createElement('p');
  said.className = 'problem';
  said.textContent = words;
  place.replaceChildren(said);
};
