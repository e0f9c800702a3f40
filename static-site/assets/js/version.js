// A page that is left open stays as it was loaded, for days. Once a new version of the portal has taken over (sw.js)
// it is loaded anew when nobody looks at it, and only if nothing is lost by that: what is written to a customer or of
// an appointment is kept in the window.

const worker = navigator.serviceWorker;

if (worker) {
  let before = worker.controller;
  let isOld = false;
  let isWritten = false;

  function renew() {
    if (isOld && document.hidden && !isWritten && !document.querySelector('#told, :is(form, button).htmx-request')) location.reload();
  }

  worker.addEventListener('controllerchange', () => {
    // The first one that there is has taken over from nobody.
    isOld ||= before;
    before = worker.controller;
    renew();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) renew();
    // By itself a browser looks for a new version only when a page is opened.
    else worker.getRegistration().then(registration => registration?.update()).catch(() => {});
  });
  document.addEventListener('input', ({target: {form}}) => {
    isWritten ||= !form?.matches('.composer, #appointment-form');
  });
}
