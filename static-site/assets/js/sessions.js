// Signing out everywhere ends this browser's session too, so it asks first, and then leaves as the header's button does.

const sessions = document.getElementById('sessions');

const WORDS = 'This signs you out in every browser, this one too. What you have written and not sent is kept for you.';

async function leave() {
  // Nothing is saved any more after that.
  await saveDrafts();
  const answer = await askAsOwner('/api/sessions', {method: 'DELETE', headers: {Accept: 'text/html'}}).catch(() => null);
  // A session that is over already is left all the same.
  if (answer?.ok || answer?.status === 401) {
    sessionStorage.clear();
    document.querySelector('.account-leave').requestSubmit();
  } else {
    sayProblem(sessions.querySelector('.problem-place'), 'That did not work, and nobody is signed out. Try again in a moment.');
  }
}

sessions.addEventListener('click', ({target}) => target.closest('#sign-out-everywhere') && askToLeave(WORDS, 'Sign out everywhere', leave));
