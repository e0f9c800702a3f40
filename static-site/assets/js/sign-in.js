// Signing in leads back to the page that asked for it. After somebody has signed out in this browser, whatever page it
// shows now, or is known to nobody here, the next one may be somebody else, and is asked who they are again: the identity
// provider would still take them for the one before.

const signIn = document.querySelector('#sign-in');
const hasSignedOut = localStorage.getItem('staff') === '';
if (signIn && location.hash === '#signing-out') {
  location.replace('/api/sign-out/issuer');
} else if (signIn) {
  // The provider leads back here without a word of what it did.
  if (hasSignedOut && !location.hash && !location.search) location.replace('#signed-out');
  const asked = new URLSearchParams();
  const back = new URLSearchParams(location.search).get('back');
  if (back) asked.set('back', back);
  if (hasSignedOut || ['#signed-out', '#stranger'].includes(location.hash)) asked.set('again', '1');
  if (asked.size) signIn.href += `?${asked}`;
}
