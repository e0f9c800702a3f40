// Whoever signs out leaves nothing of theirs in the window for the next one to find, nor on the screen.

document.addEventListener('submit', event => {
  const form = event.target;
  if (!form.matches('.account-leave')) return;
  // A refresh that finds the session over must not lead elsewhere meanwhile; a page that is come back to is not left.
  form.dataset.leaves = '';
  addEventListener('pageshow', () => delete form.dataset.leaves, {once: true});
  sessionStorage.clear();
  // Whose the browser's notifications are, the next one's sign-in says.
  localStorage.removeItem('push-subscription');
  navigator.clearAppBadge?.().catch(() => {});
  navigator.serviceWorker?.getRegistration().then(async registration => {
    for (const notification of await registration?.getNotifications() ?? []) notification.close();
  });
});
