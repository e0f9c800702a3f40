// Appointments, as a scheduling system books them and as staff open them.
import {expect} from '@playwright/test';
import {MARIA} from './stack.mjs';

/** Books an appointment for tomorrow at 3 PM in the company's time zone. Returns it. */
export async function booked(staff, fields) {
  const zone = new Intl.DateTimeFormat('en-CA', {timeZone: 'America/Los_Angeles'});
  const day = zone.format(Date.now() + 24 * 60 * 60 * 1000);
  const answer = await staff.page.request.post('/api/appointments', {
    headers: {accept: 'application/json'},
    data: {name: 'Maria Lopez', number: MARIA, day, time: '15:00', minutes: 45, service: 'Cleaning', ...fields},
  });
  expect(answer.status(), await answer.text()).toBe(201);
  return answer.json();
}

export async function opensAppointment(staff, {id}) {
  await staff.page.goto(`/appointment.html?a=${id}`);
  await expect(staff.page.getByLabel('Customer')).toBeVisible();
}

/** Fills the same day with `count` other appointments. Writes them directly into the table. */
export async function isFullOf(stack, {id}, count) {
  const key = name => ({pk: {S: 'COMPANY#harbor-dental'}, sk: {S: `APPOINTMENT#${name}`}});
  const {Item} = await stack.table('GetItem', {Key: key(id)});
  for (let n = 0; n < count; n += 1) {
    const name = `full-${n}`;
    const place = Item.recent_sk.S.slice(0, -32) + `${n}`.padStart(32, '0');
    const appointment = {M: {...Item.appointment.M, id: {S: name}}};
    await stack.table('PutItem', {Item: {...Item, ...key(name), recent_sk: {S: place}, appointment}});
  }
}
