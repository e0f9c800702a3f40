"use strict";
// Keeps the two numbers over reloads, empties the text field after a send, and keeps the thread scrolled to its end.

const phones = document.getElementById('phones');
const write = document.getElementById('write');
const thread = document.getElementById('thread');
const problem = document.getElementById('problem');

for (const name of ['from', 'to']) {
  const field = phones.elements.namedItem(name);
  field.value = new URLSearchParams(location.search).get(name) ?? sessionStorage.getItem(name) ?? field.value;
  field.addEventListener('change', () => {
    sessionStorage.setItem(name, field.value);
    htmx.trigger(document.body, 'look');
  });
}
phones.addEventListener('submit', event => event.preventDefault());

write.addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    write.requestSubmit();
  }
});

// The page polls every two seconds. Skip responses that change nothing.
let seen = null;
document.addEventListener('htmx:after:request', event => {
  const {ctx} = event.detail;
  if (ctx.sourceElement === thread) {
    if (ctx.text === seen || ctx.response.status >= 500) event.preventDefault();
    else seen = ctx.text;
  }
  if (ctx.sourceElement.closest('#ring, #call button, select[name=fate]')) {
    problem.textContent = ctx.response.status < 400 || ctx.response.status === 409 ? '' : ctx.text;
    htmx.trigger(document.body, 'look');
  }
  if (ctx.sourceElement.matches('#carrier select')) {
    const select = ctx.sourceElement;
    const done = `${select.previousElementSibling.textContent} ${select.selectedOptions[0].text}.`;
    problem.textContent = ctx.response.status < 400 ? done : ctx.text;
    // Reset the choice: it applies once, and must not look like a lasting setting.
    select.value = '';
  }
  if (ctx.sourceElement !== write) return;
  problem.textContent = ctx.response.status < 400 ? '' : ctx.text;
  if (ctx.response.status < 400) write.reset();
  htmx.trigger(document.body, 'look');
});

let length = 0;
document.addEventListener('htmx:after:swap', () => {
  for (const time of thread.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = today ? at.toLocaleTimeString([], {timeStyle: 'short'}) : at.toLocaleDateString([], {day: 'numeric', month: 'short'});
  }
  if (thread.children.length !== length) thread.scrollTop = thread.scrollHeight;
  length = thread.children.length;
});
