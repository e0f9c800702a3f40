// Reloads the offline page as soon as there is a connection.

addEventListener('online', () => location.reload());
setInterval(() => {
  fetch('/sign-in.html', {method: 'HEAD', cache: 'no-store'}).then(() => location.reload(), () => {});
}, 15_000);
