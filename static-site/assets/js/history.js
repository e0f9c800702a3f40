// Downloads the customer's data as a file, if the person has signed in recently. If not, a link leads to the identity
// provider and back to this page.

document.addEventListener('submit', async event => {
  const form = event.target;
  if (!form.matches('.held-download')) return;
  event.preventDefault();
  const button = form.querySelector('button');
  const place = form.closest('section').querySelector('.problem-place');
  button.disabled = true;
  try {
    const answer = await askAsOwner(form.action, {method: 'POST', headers: {Accept: 'text/html'}});
    if (answer.status === 401) return goToSignIn();
    if (answer.ok) save(await answer.blob());
    place.innerHTML = answer.ok ? '' : await answer.text();
  } catch {
    sayProblem(place, 'No connection. Press the button again when you are back online.');
  } finally {
    button.disabled = false;
  }
});

function save(file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = 'customer-data.json';
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener('click', event => {
  const link = event.target.closest('.sign-in-again');
  if (link) link.href = `/api/sign-in?${new URLSearchParams({again: 1, back: location.pathname + location.search})}`;
});
