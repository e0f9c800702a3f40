// A page belongs to the person whom its first answer names. Its later requests name that person, and are refused if
// somebody else is signed in. An answer or a frame for another person hides the page before any of it shows, and loads it
// anew. So does another tab in which somebody else signs in, or signs out.

const NAMED = 'staff';
const HEADER = 'X-Staff';
const root = document.documentElement;
let owner = null;

// With its title, which may name a customer.
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

// Hides what is on the page at once, however long it takes until another is there.
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
  // What is written and not saved yet is that person's.
  if (sessionStorage.getItem(NAMED) !== staff) sessionStorage.clear();
  sessionStorage.setItem(NAMED, staff);
  localStorage.setItem(NAMED, staff);
  document.dispatchEvent(new Event('owner'));
}

// Whether something came for the person whose page this is. Without a name it is for nobody, and shows nothing of anybody.
globalThis.isOwners = staff => {
  if (!staff) return true;
  if (!owner) own(staff);
  if (staff !== owner) leavePage();
  return staff === owner;
};

globalThis.hasOwner = () => Boolean(owner);

// What scripts ask by themselves.
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

// Who is signed in as far as this browser knows, without asking. Whether the page is left for that.
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

// A page that the browser keeps in its memory is kept hidden, and stays so until its session is confirmed.
addEventListener('pagehide', event => event.persisted && owner && hide());
addEventListener('pageshow', event => event.persisted && owner && confirmOwner());

async function confirmOwner() {
  if (look()) return;
  const answer = await askAsOwner('/api/session', {signal: AbortSignal.timeout(10_000)}).catch(() => null);
  // Not by any other answer: what was asked before the page was left may be answered only now.
  if (answer?.ok) show();
  else if (answer?.status === 401) goToSignIn();
  else setTimeout(confirmOwner, 3000);
}
