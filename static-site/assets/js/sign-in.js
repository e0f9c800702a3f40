// Signing in returns to the page that asked for it. After a person has signed out in this browser, or was unknown here,
// the next sign-in asks for credentials. The next person may be another one, and the identity provider would take them
// for the first.

const signIn = document.querySelector('#sign-in');
const hasSignedOut = localStorage.getItem('staff') === '';
if (signIn && location.hash === '#signing-out') {
  location.replace('/api/sign-out/issuer');
} else if (signIn) {
  // The provider returns here without saying that it has signed the person out.
  if (hasSignedOut && !location.hash && !location.search) location.replace('#signed-out');
  const asked = new URLSearchParams();
  const back = new URLSearchParams(location.search).get('back');
  if (back) asked.set('back', back);
  if (hasSignedOut || ['#signed-out', '#stranger'].includes(location.hash)) asked.set('again', '1');
  if (asked.size) signIn.href += `?${asked}`;
}
