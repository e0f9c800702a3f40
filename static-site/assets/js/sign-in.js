// Signing in leads back to the page that asked for it. After somebody has signed out in this browser, whatever page it
// shows now, or is known to nobody here, the next one may be somebody else, and is asked who they are again: the identity
// provider would still take them for the one before.

const signIn = document.querySelector('#sign-in');
if (signIn) {
  const asked = new URLSearchParams();
  const back = new URLSearchParams(location.search).get('back');
  if (back) asked.set('back', back);
  if (localStorage.getItem('staff') === '' || ['#signed-out', '#stranger'].includes(location.hash)) asked.set('again', '1');
  if (asked.size) signIn.href += `?${asked}`;
}
