// Appointments, as a scheduling system books them and as staff open them.
import {expect} from '@playwright/test';
import {MARIA} from './stack.mjs';

/** Booked for tomorrow where the company is; gives it back. */
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
