// The appointments of a day, and the form of a single appointment. The address gives the day or the appointment. The
// form keeps what the person has written until it is saved, whatever updates arrive.

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

// Requests the content again when it was changed elsewhere, once for all changes that arrive together.
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

// Keeps the unsaved fields with the version that they are based on. While the form shows another writer's changes,
// nothing in it is saved yet.
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

// Checks the time while it is chosen: in the past, or overlapping another appointment. The address has no data of the
// customer.
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

  // Updates the form. If it has unsaved fields, only the part above it is replaced.
  function take(pane) {
    const html = pane.outerHTML;
    const there = document.getElementById('appointment-pane');
    if (!answer.saving && there && draft.value) {
      document.getElementById('appointment-head').replaceWith(pane.querySelector('#appointment-head'));
      return;
    }
    if (html === came && there && !answer.saving) return;
    came = answer.status === 200 ? html : '';
    // Input that followed while the form was being saved is not saved yet.
    const since = answer.saving ? controls().filter(control => control.value !== sent.fields[control.name]) : [];
    const later = since.map(control => [control.name, control.value]);
    // A pressed button has lost the focus by now.
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
    // The customer's name and next appointment may have changed.
    if (answer.saving && texting.dataset.conversation) htmx.trigger(document.getElementById('messages'), 'refresh');
  }
} else if (formNow()) {
  const form = formNow();
  // A repeat of the same booking has the same idempotency key, also after a reload or on another device. Another
  // booking has another key.
  const key = () => {
    const tried = JSON.stringify(controls().map(({value}) => value));
    if (draft.value?.tried !== tried) draft.value = {...draft.value, tried, key: crypto.randomUUID()};
    const {key} = draft.value;
    keep();
    return key;
  };
  // Suggests the day in the address, or today.
  const suggest = () => {
    const field = form.elements.day;
    // A suggested value does not count as input.
    if (!field.value) field.defaultValue = asked.get('day') ?? companyDay(Date.now());
    delete field.dataset.waits;
  };
  suggest();
  document.addEventListener('time-zone', suggest);
  // Restores the chosen practitioner when the names have loaded.
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
