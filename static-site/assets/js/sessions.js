// Signing out everywhere ends this browser's session too. It asks first, and then leaves as the header's button does.

const sessions = document.getElementById('sessions');

const WORDS = 'This signs you out in every browser, this one too. What you have written and not sent is kept for you.';

async function leave() {
  // Drafts cannot be saved after this.
  await saveDrafts();
  const answer = await askAsOwner('/api/sessions', {method: 'DELETE', headers: {Accept: 'text/html'}}).catch(() => null);
  // A session that has ended already is left in the same way.
  if (answer?.ok || answer?.status === 401) {
    sessionStorage.clear();
    document.querySelector('.account-leave').requestSubmit();
  } else {
    sayProblem(sessions.querySelector('.problem-place'), 'That did not work, and nobody is signed out. Try again in a moment.');
  }
}

sessions.addEventListener('click', ({target}) => target.closest('#sign-out-everywhere') && askToLeave(WORDS, 'Sign out everywhere', leave));
