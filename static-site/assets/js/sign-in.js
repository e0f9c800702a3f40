// Signing in leads back to the page that asked for it. After somebody has signed out, or is known to
// nobody here, the next one may be somebody else, and is asked who they are again.

const signIn = document.querySelector('#sign-in');
if (signIn) {
  const asked = new URLSearchParams();
  const back = new URLSearchParams(location.search).get('back');
  if (back) asked.set('back', back);
  if (['#signed-out', '#stranger'].includes(location.hash)) asked.set('again', '1');
  if (asked.size) signIn.href += `?${asked}`;
}
