// The page that stands in for every other while there is no connection: it goes away by itself.

addEventListener('online', () => location.reload());
setInterval(() => {
  fetch('/sign-in.html', {method: 'HEAD', cache: 'no-store'}).then(() => location.reload(), () => {});
}, 15_000);
