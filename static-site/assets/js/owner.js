// A page belongs to the person named in its first response. Later requests name that person, and the server rejects
// them if another person is signed in. A response or frame for another person hides the page before any of it shows,
// and reloads it. The same happens when a person signs in or out in another tab.

const NAMED = 'staff';
const HEADER = 'X-Staff';
const root = document.documentElement;
let owner = null;

// The title is hidden too, since it may name a customer.
let title = '';
const hide = () => {
  root.dataset.unconfirmed = '';
  title ||= document.title;
  document.title = 'Switchboard';
};
const show = () => {
  delete root.dataset.unconfirmed;
  document.title = title || document.title;
  title = '';
};

// Hides the page at once, however long the next one takes to load.
globalThis.leavePage = address => {
  hide();
  if (address) location.assign(address);
  else location.reload();
};

globalThis.goToSignIn = () => {
  const back = location.pathname + location.search;
  leavePage(back === '/' ? '/sign-in.html' : `/sign-in.html?${new URLSearchParams({back})}`);
};

function own(staff) {
  owner = staff;
  // Unsaved drafts of another person are removed.
  if (sessionStorage.getItem(NAMED) !== staff) sessionStorage.clear();
  sessionStorage.setItem(NAMED, staff);
  localStorage.setItem(NAMED, staff);
  document.dispatchEvent(new Event('owner'));
}

// Returns whether a response or frame is for the page's person. One that names no person is for all, and has no private
// data.
globalThis.isOwners = staff => {
  if (!staff) return true;
  if (!owner) own(staff);
  if (staff !== owner) leavePage();
  return staff === owner;
};

globalThis.hasOwner = () => Boolean(owner);

// Fetches an address in the name of the page's person.
globalThis.askAsOwner = async (address, {headers, ...options} = {}) => {
  const answer = await fetch(address, {...options, headers: {...headers, ...(owner && {[HEADER]: owner})}});
  if (!isOwners(answer.headers.get(HEADER))) throw new DOMException('This page was another person’s.', 'AbortError');
  return answer;
};

document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
  if (owner) ctx.request.headers[HEADER] = owner;
});
document.addEventListener('htmx:before:response', event => {
  if (!isOwners(event.detail.ctx.response.headers.get(HEADER))) event.preventDefault();
});

// Checks who is signed in in this browser, without a request. Returns whether the page is being left.
function look() {
  const signedIn = localStorage.getItem(NAMED);
  if (!owner || signedIn === owner || document.querySelector('[data-leaves]')) return false;
  if (!signedIn) sessionStorage.clear();
  leavePage(signedIn ? '' : '/sign-in.html');
  return true;
}

addEventListener('storage', look);
document.addEventListener('visibilitychange', look);
addEventListener('focus', look);

// A page in the browser's memory is kept hidden until its session is confirmed.
addEventListener('pagehide', event => event.persisted && owner && hide());
addEventListener('pageshow', event => event.persisted && owner && confirmOwner());

async function confirmOwner() {
  if (look()) return;
  const answer = await askAsOwner('/api/session', {signal: AbortSignal.timeout(10_000)}).catch(() => null);
  // Only this response counts: an earlier request may be answered only now.
  if (answer?.ok) show();
  else if (answer?.status === 401) goToSignIn();
  else setTimeout(confirmOwner, 3000);
}
