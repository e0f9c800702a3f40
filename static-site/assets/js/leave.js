// Signing out removes the person's data from this browser and blanks all tabs. Unsent drafts are saved first. The
// person is asked only before a draft that could not be saved is discarded.

// Asks before the person leaves. `words` is the question and `go` the button's label; both are trusted text.
globalThis.askToLeave = (words, go, leave) => {
  const dialog = document.createElement('dialog');
  dialog.className = 'asks';
  dialog.innerHTML = `<form method="dialog">
    <p>${words}</p>
    <p class="answers"><button class="button">Stay</button><button class="button stop" value="leave">${go}</button></p>
  </form>`;
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (dialog.returnValue === 'leave') leave();
  });
  document.body.append(dialog);
  dialog.showModal();
};

function asks(form) {
  askToLeave('What you have written could not be saved. Signing out discards it.', 'Sign out', () => {
    sessionStorage.clear();
    form.requestSubmit();
  });
}

document.addEventListener('submit', async event => {
  const form = event.target;
  if (!form.matches('.account-leave')) return;
  if (hasUnsavedDrafts()) {
    event.preventDefault();
    await saveDrafts();
    return hasUnsavedDrafts() ? asks(form) : form.requestSubmit();
  }
  // A refresh that finds the session ended must not redirect meanwhile. A page that is returned to is not being left.
  form.dataset.leaves = '';
  addEventListener('pageshow', () => delete form.dataset.leaves, {once: true});
  sessionStorage.clear();
  // Makes all other tabs leave too, and tells the sign-in page that a person has signed out here.
  localStorage.setItem('staff', '');
  // The next sign-in decides whose push subscription this is.
  localStorage.removeItem('push-subscription');
  navigator.clearAppBadge?.().catch(() => {});
  navigator.serviceWorker?.getRegistration().then(async registration => {
    for (const notification of await registration?.getNotifications() ?? []) notification.close();
  });
});
