// Signing out removes what the person has in this browser, and blanks every tab. What is written and not sent is saved first;
// it asks only before it discards what could not be.

// Asks before somebody leaves. `words` and `go`, the button's, are the page's own.
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
  // A refresh that finds the session over must not lead elsewhere meanwhile; a page that is come back to is not left.
  form.dataset.leaves = '';
  addEventListener('pageshow', () => delete form.dataset.leaves, {once: true});
  sessionStorage.clear();
  // Every other tab leaves too, and the sign-in page knows that somebody has signed out here.
  localStorage.setItem('staff', '');
  // Whose the browser's notifications are, the next one's sign-in says.
  localStorage.removeItem('push-subscription');
  navigator.clearAppBadge?.().catch(() => {});
  navigator.serviceWorker?.getRegistration().then(async registration => {
    for (const notification of await registration?.getNotifications() ?? []) notification.close();
  });
});
