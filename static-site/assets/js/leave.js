// Whoever signs out leaves nothing of theirs in the window for the next one to find.

document.addEventListener('submit', event => {
  if (event.target.matches('.account-leave')) sessionStorage.clear();
});
