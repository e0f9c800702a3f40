// Reloads a page that has been open for days, once a new version of the portal is active (sw.js). It does so while the
// page is hidden, and only if nothing is lost: drafts of messages and appointments are kept in the window.

const worker = navigator.serviceWorker;

if (worker) {
  let before = worker.controller;
  let isOld = false;
  let isWritten = false;

  function renew() {
    if (isOld && document.hidden && !isWritten && !document.querySelector('#told, :is(form, button).htmx-request')) location.reload();
  }

  worker.addEventListener('controllerchange', () => {
    // The first service worker replaces no earlier version.
    isOld ||= before;
    before = worker.controller;
    renew();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) renew();
    // Browsers check for a new version only when a page is opened.
    else worker.getRegistration().then(registration => registration?.update()).catch(() => {});
  });
  document.addEventListener('input', ({target: {form}}) => {
    isWritten ||= !form?.matches('.composer, #appointment-form');
  });
}
