// Signing out everywhere ends this browser's session too, so it asks first, and then leaves as the header's button does.

const sessions = document.getElementById('sessions');

function asks() {
  const dialog = document.createElement('dialog');
  dialog.className = 'asks';
  dialog.innerHTML = `<form method="dialog">
    <p>This signs you out in every browser, this one too. What you have written and not sent is kept for you.</p>
    <p class="answers"><button class="button">Stay</button><button class="button stop" value="leave">Sign out everywhere</button></p>
  </form>`;
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (dialog.returnValue === 'leave') leave();
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function leave() {
  // Nothing is saved any more after that.
  await saveDrafts();
  const answer = await askAsOwner('/api/sessions', {method: 'DELETE', headers: {Accept: 'text/html'}}).catch(() => null);
  // A session that is over already is left all the same.
  if (answer?.ok || answer?.status === 401) {
    sessionStorage.clear();
    document.querySelector('.account-leave').requestSubmit();
  } else {
    const said = document.createElement('p');
    said.className = 'problem';
    said.textContent = 'That did not work, and nobody is signed out. Try again in a moment.';
    sessions.querySelector('.problem-place').replaceChildren(said);
  }
}

sessions.addEventListener('click', ({target}) => target.closest('#sign-out-everywhere') && asks());
