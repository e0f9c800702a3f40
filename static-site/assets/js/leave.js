// Whoever signs out leaves nothing of theirs in the window for the next one to find, nor on the screen.

document.addEventListener('submit', event => {
  if (!event.target.matches('.account-leave')) return;
  sessionStorage.clear();
  // Whose the browser's notifications are, the next one's sign-in says.
  localStorage.removeItem('push-subscription');
  navigator.clearAppBadge?.().catch(() => {});
  navigator.serviceWorker?.getRegistration().then(async registration => {
    for (const notification of await registration?.getNotifications() ?? []) notification.close();
  });
});
