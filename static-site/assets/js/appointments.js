// Appointments: the day that the address names, and the one that it names, whose form keeps what is
// written in it until it is saved, whatever comes meanwhile.

const asked = new URLSearchParams(location.search);

const days = document.getElementById('day');
if (days) {
  const day = asked.get('day');
  if (day) days.setAttribute('hx-get', `/api/appointments?${new URLSearchParams({day})}`);
  const picked = document.getElementById('day-picked');
  picked.addEventListener('change', () => picked.value && picked.form.requestSubmit());
  document.addEventListener('htmx:after:swap', event => {
    if (event.detail.ctx.sourceElement !== days) return;
    const shown = document.getElementById('day-title').dataset.day;
    if (document.activeElement !== picked) picked.value = shown;
    delete picked.form.dataset.waits;
    document.getElementById('new-appointment').search = new URLSearchParams({day: shown});
  });
}

// What was changed elsewhere is asked for again, once for all that comes together.
let asking = 0;
document.addEventListener('frame', ({detail}) => {
  const shown = days ?? booking;
  if (!shown || asking) return;
  const frame = document.createElement('template');
  frame.innerHTML = detail;
  const changed = [...frame.content.querySelectorAll('template[data-live="appointments"]')];
  if (!changed.some(({dataset}) => days || dataset.appointment === asked.get('a'))) return;
  asking = setTimeout(() => {
    asking = 0;
    htmx.trigger(shown, 'refresh');
  }, 100);
});

const booking = document.getElementById('appointment');
const formNow = () => document.getElementById('appointment-form');
const draft = openDraft(booking ? `appointment-${asked.get('a') ?? ''}` : formNow() && 'new-appointment');
const controls = () => [...formNow().elements].filter(control => control.name && control.type !== 'hidden');
const isChanged = control => (control.matches('select') ? !control.selectedOptions[0]?.defaultSelected : control.value !== control.defaultValue);

// What is written and not saved, with the version that it was begun from. In a form that tells of
// changes nothing is saved yet.
function keep() {
  const told = document.getElementById('told');
  if (!told && !controls().some(isChanged)) return draft.forget();
  const written = controls().filter(control => !booking || told || isChanged(control));
  const fields = Object.fromEntries(written.map(control => [control.name, control.value]));
  draft.keep({...draft.value, fields, version: formNow().elements.version?.value});
}

function restore() {
  if (!formNow() || !draft.value) return;
  fillIn(formNow(), draft.value.fields);
  if (draft.value.version) formNow().elements.version.value = draft.value.version;
}

if (booking || formNow()) document.addEventListener('owner', () => draft.load(restore));

// What may have been overlooked of a time is said while it is chosen. Nothing of the customer stands in the address.
const PLAN = ['day', 'time', 'minutes', 'provider'];
document.addEventListener('change', async ({target}) => {
  if (target.form?.id !== 'appointment-form' || !PLAN.includes(target.name)) return;
  const place = target.form.querySelector('.planned');
  const asks = new URLSearchParams([['planned', place.dataset.planned], ...PLAN.map(name => [name, target.form.elements[name].value])]);
  const answer = await askAsOwner(`/api/appointments?${asks}`).catch(() => null);
  if (answer?.ok) place.innerHTML = await answer.text();
});

document.addEventListener('input', event => event.target.form?.id === 'appointment-form' && keep());

if (booking) {
  booking.setAttribute('hx-get', `/api/appointments/${encodeURIComponent(asked.get('a') ?? '')}`);
  let came = '';
  let sent = null;

  document.addEventListener('htmx:config:request', event => {
    const {sourceElement} = event.detail.ctx;
    if (booking.contains(sourceElement) && sourceElement.matches('form')) {
      sent = {form: sourceElement.id, focused: document.activeElement?.id, fields: Object.fromEntries(controls().map(control => [control.name, control.value]))};
    }
  });

  let answer = {};
  htmx.registerExtension('appointment', {
    htmx_before_swap(element, {ctx}) {
      answer = {saving: ctx.request.method !== 'GET', status: ctx.response.status};
    },
    handle_swap(style, target, fragment) {
      if (style !== 'appointment') return false;
      take(fragment.querySelector('#appointment-pane'));
      accompany(fragment.querySelector('#texting'));
      return true;
    },
  });

  // The form as it is now. One that somebody is writing in stays, and only what is above it is new.
  function take(pane) {
    const html = pane.outerHTML;
    const there = document.getElementById('appointment-pane');
    if (!answer.saving && there && draft.value) {
      document.getElementById('appointment-head').replaceWith(pane.querySelector('#appointment-head'));
      return;
    }
    if (html === came && there && !answer.saving) return;
    came = answer.status === 200 ? html : '';
    // What was written on while it was on its way is not saved yet.
    const since = answer.saving ? controls().filter(control => control.value !== sent.fields[control.name]) : [];
    const later = since.map(control => [control.name, control.value]);
    // A button that was pressed has lost the focus by now.
    const focused = answer.saving ? sent.focused : there?.contains(document.activeElement) && document.activeElement.id;
    if (there) there.replaceWith(pane);
    else booking.replaceChildren(pane);
    const version = formNow().elements.version.value;
    if (answer.saving && (sent.form === 'appointment-form' || answer.status === 409)) draft.forget();
    else if (draft.value && answer.saving) draft.keep({...draft.value, version});
    restore();
    for (const [name, value] of later) formNow().elements.namedItem(name).value = value;
    if (later.length || answer.status === 409) keep();
    const told = document.getElementById('told') ?? (answer.saving ? document.getElementById('moved') : null);
    const next = told ?? document.getElementById(focused) ?? (answer.saving ? document.getElementById('appointment-head') : null);
    next?.focus({preventScroll: next !== told});
    document.title = `${pane.querySelector('.name').textContent} · Appointment · Switchboard`;
  }

  function accompany(texting) {
    const there = document.getElementById('texting');
    if (there.outerHTML !== texting.outerHTML) there.replaceWith(texting);
    openConversation(texting.dataset.conversation ?? '');
    // What the customer is called, and when they come, may be new.
    if (answer.saving && texting.dataset.conversation) htmx.trigger(document.getElementById('messages'), 'refresh');
  }
} else if (formNow()) {
  const form = formNow();
  // A second try of the same booking has the same key, also after a reload or on another device; another booking has another.
  const key = () => {
    const tried = JSON.stringify(controls().map(({value}) => value));
    if (draft.value?.tried !== tried) draft.value = {...draft.value, tried, key: crypto.randomUUID()};
    const {key} = draft.value;
    keep();
    return key;
  };
  // The day that was looked at, or today.
  const suggest = () => {
    const field = form.elements.day;
    // Not written by anybody.
    if (!field.value) field.defaultValue = asked.get('day') ?? companyDay(Date.now());
    delete field.dataset.waits;
  };
  suggest();
  document.addEventListener('time-zone', suggest);
  // Whoever was chosen before the names came is chosen still.
  document.addEventListener('htmx:after:swap', event => event.detail.ctx.sourceElement.matches('select') && restore());
  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    if (ctx.sourceElement === form) ctx.request.headers['Idempotency-Key'] = key();
  });
  document.addEventListener('htmx:after:request', event => {
    const {ctx} = event.detail;
    if (ctx.sourceElement === form && ctx.response.status < 300) draft.forget();
  });
}
