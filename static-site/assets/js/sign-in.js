// Signing in leads back to the page that asked for it. Whoever has signed out is asked for their
// password again, since the next one at this computer may be somebody else.

const signIn = document.querySelector('#sign-in');
if (signIn) {
  const asked = new URLSearchParams();
  const back = new URLSearchParams(location.search).get('back');
  if (back) asked.set('back', back);
  if (location.hash === '#signed-out') asked.set('again', '1');
  if (asked.size) signIn.href += `?${asked}`;
}
