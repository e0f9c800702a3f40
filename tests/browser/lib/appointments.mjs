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

/** The same day full of others, written as no person would: straight into the table. */
export async function isFullOf(stack, {id}, count) {
  const asks = (operation, body) => fetch(stack.address, {
    method: 'POST',
    headers: {
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
      'x-amz-date': '20260101T000000Z',
    },
    body: JSON.stringify({TableName: 'switchboard', ...body}),
  }).then(async answer => {
    expect(answer.status, await answer.clone().text()).toBe(200);
    return answer.json();
  });
  const key = name => ({pk: {S: 'COMPANY#harbor-dental'}, sk: {S: `APPOINTMENT#${name}`}});
  const {Item} = await asks('GetItem', {Key: key(id)});
  for (let n = 0; n < count; n += 1) {
    const name = `full-${n}`;
    const place = Item.recent_sk.S.slice(0, -32) + `${n}`.padStart(32, '0');
    const appointment = {M: {...Item.appointment.M, id: {S: name}}};
    await asks('PutItem', {Item: {...Item, ...key(name), recent_sk: {S: place}, appointment}});
  }
}
