import {booked, isFullOf, opensAppointment} from '../lib/appointments.mjs';
import {expect, test, GRACE, MARIA, onPhone} from '../lib/test.mjs';

const save = staff => staff.page.getByRole('button', {name: 'Save'}).click();
const title = staff => staff.page.locator('#appointment-head .name');

test('an appointment is booked from the page, found in its day, and its customer written to', async ({stack, dana}) => {
  const {page} = dana;
  await page.getByRole('link', {name: 'Appointments'}).click();
  await expect(page.locator('.empty')).toHaveText('No appointments on this day.');
  await page.getByRole('link', {name: 'Next', exact: true}).click();
  await page.waitForURL('**/appointments.html?day=*');
  await expect(page.locator('.empty')).toBeVisible();
  await page.getByRole('link', {name: 'New appointment'}).click();
  await page.getByLabel('Customer').fill('Maria Lopez');
  await page.getByLabel('Mobile number').fill('(425) 555-0182');
  await page.getByLabel('Time').fill('15:00');
  await page.getByLabel('Service').fill('Cleaning');
  await page.getByRole('button', {name: 'Book'}).click();
  await page.waitForURL('**/appointment.html?a=*');
  await expect(title(dana)).toHaveText('Maria Lopez');
  await expect(page.locator('#appointment-head')).toContainText('tomorrow 3:00 PM · booked');

  // There are no messages yet. The first is written here, and the answer appears without a reload.
  await expect(dana.head).toContainText('No texts in the last 30 days');
  await dana.replies('See you tomorrow at three.');
  await dana.hasSent();
  await stack.customerTexts(MARIA, 'Can I come at four?');
  await expect.poll(() => dana.said()).toEqual(['See you tomorrow at three.', 'Can I come at four?']);
  expect(await stack.phoneOf(MARIA)).toEqual(['See you tomorrow at three.']);

  await page.getByRole('link', {name: 'All appointments'}).click();
  await page.getByRole('link', {name: 'Next', exact: true}).click();
  const row = page.locator('.appointment');
  await expect(row).toContainText('3:00 PM – 3:30 PM');
  await expect(row).toContainText('Maria Lopez (425) 555-0182');
  await page.getByLabel('Day', {exact: true}).fill('2027-01-31');
  await page.waitForURL('**/appointments.html?day=2027-01-31');
  await expect(page.locator('#day-title')).toContainText('Sunday, 31 January 2027');
});

test('a full day shows a hundred, and more when it is asked to, which stay @any-width', async ({stack, dana}) => {
  const {page} = dana;
  const appointment = await booked(dana);
  await isFullOf(stack, appointment, 120);
  await page.goto(`/appointments.html?day=${appointment.day}`);
  const rows = page.locator('.appointment');
  await expect(rows).toHaveCount(100);
  await page.getByRole('button', {name: 'Show more of this day'}).click();
  await expect(rows).toHaveCount(121);
  await expect(page.getByRole('button', {name: 'Show more of this day'})).toHaveCount(0);
  // A refresh requests as many rows as are shown.
  await page.waitForResponse(response => response.url().includes('/api/appointments?') && response.url().includes('limit=200'));
  await page.waitForResponse(response => response.url().includes('/api/appointments?') && response.url().includes('limit=200'));
  await expect(rows).toHaveCount(121);
});

test('the name and the next appointment stand in the feed, the inbox and above the conversation', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'Running late');
  const appointment = await booked(dana);
  await dana.opensDashboard();
  const row = dana.panel.getByRole('listitem').first();
  await expect(row).toContainText('Maria Lopez');
  await expect(row).toContainText('tomorrow 3:00 PM · Cleaning · booked');
  await dana.opensConversationWith('Maria Lopez');
  await expect(dana.head).toContainText('tomorrow 3:00 PM · Cleaning · booked');
  if (!onPhone()) await expect(dana.inbox).toContainText('tomorrow 3:00 PM · Cleaning · booked');
  await dana.head.getByRole('link', {name: 'Cleaning'}).click();
  await dana.page.waitForURL(`**/appointment.html?a=${appointment.id}`);
  await dana.page.getByLabel('Customer').fill('Maria Garcia');
  await save(dana);
  await expect(title(dana)).toHaveText('Maria Garcia');
  await expect(dana.head).toContainText('Maria Garcia');
});

test('of two who save at once the second is told, loses nothing and saves on top', async ({dana, marcus}) => {
  const appointment = await booked(dana, {notes: 'First visit'});
  await opensAppointment(dana, appointment);
  await opensAppointment(marcus, appointment);
  await dana.page.getByLabel('Customer').fill('Maria Garcia');
  await dana.page.getByLabel('Minutes').fill('30');
  await marcus.page.getByLabel('Minutes').fill('60');
  await marcus.page.getByLabel('Service').fill('Root canal');
  await save(marcus);
  await expect(marcus.page.locator('#appointment-head')).toContainText('Last changed by Marcus Bell');
  // A refresh updates the heading with his change, and keeps what she has typed.
  await expect(dana.page.locator('#appointment-head')).toContainText('Last changed by Marcus Bell');
  await expect(dana.page.getByLabel('Customer')).toHaveValue('Maria Garcia');

  await save(dana);
  const told = dana.page.locator('#told');
  await expect(told).toBeFocused();
  await expect(told).toContainText('Length from 45 minutes to 60 minutes. You wrote 30 minutes.');
  await expect(told).toContainText('Service from “Cleaning” to “Root canal”.');
  await expect(dana.page.getByLabel('Customer')).toHaveValue('Maria Garcia');
  await expect(dana.page.getByLabel('Minutes')).toHaveValue('30');
  await expect(dana.page.getByLabel('Service')).toHaveValue('Root canal');
  await dana.refreshed(`/api/appointments/${appointment.id}`);
  await expect(dana.page.getByLabel('Customer')).toHaveValue('Maria Garcia');
  await save(dana);
  await expect(told).toHaveCount(0);
  await expect(title(dana)).toHaveText('Maria Garcia');
  await expect(title(marcus)).toHaveText('Maria Garcia');
  await expect(marcus.page.getByLabel('Minutes')).toHaveValue('30');
  await expect(marcus.page.getByLabel('Service')).toHaveValue('Root canal');
});

test('what is written stays through a refusal, refreshes, texts and a reload', async ({stack, dana}) => {
  const appointment = await booked(dana);
  await opensAppointment(dana, appointment);
  await dana.page.getByLabel('Notes').fill('Ring the back door');
  await dana.page.getByLabel('Mobile number').fill('12345');
  await dana.reply.fill('One moment');
  await save(dana);
  await expect(dana.problem).toContainText('is not a number that exists');
  await stack.customerTexts(MARIA, 'Hello?');
  await expect(dana.bubbles).toHaveCount(1);
  await dana.refreshed(`/api/appointments/${appointment.id}`);
  await dana.page.reload();
  await expect(dana.page.getByLabel('Notes')).toHaveValue('Ring the back door');
  await expect(dana.page.getByLabel('Mobile number')).toHaveValue('12345');
  await expect(dana.reply).toHaveValue('One moment');
  await dana.page.getByLabel('Mobile number').fill('(425) 555-0182');
  await save(dana);
  await expect(dana.page.locator('#appointment-head')).toContainText('Last changed by Dana Whitfield');
  await dana.page.reload();
  await expect(dana.page.getByLabel('Notes')).toHaveValue('Ring the back door');
});

test('the conversation follows the number, and a draft stays with whom it is for', async ({stack, dana}) => {
  await stack.customerTexts(MARIA, 'from Maria');
  await stack.customerTexts(GRACE, 'from Grace');
  const appointment = await booked(dana);
  await opensAppointment(dana, appointment);
  await expect.poll(() => dana.said()).toEqual(['from Maria']);
  await dana.reply.fill('For Maria only');
  await dana.page.getByLabel('Mobile number').fill('206-555-0126');
  await save(dana);
  await expect.poll(() => dana.said()).toEqual(['from Grace']);
  await expect(dana.reply).toHaveValue('');
  await dana.replies('Hello Grace');
  await dana.hasSent();
  expect(await stack.phoneOf(GRACE)).toEqual(['Hello Grace']);

  await dana.page.getByLabel('Mobile number').fill('(425) 555-0190');
  await save(dana);
  await expect(dana.page.locator('#texting')).toContainText('(425) 555-0190 is a landline');
  await expect(dana.thread).toBeHidden();
  await expect(dana.reply).toBeHidden();
  await dana.page.getByLabel('Mobile number').fill('');
  await save(dana);
  await expect(dana.page.locator('#texting')).toContainText('This appointment has no mobile number. Add one');
  await dana.page.getByLabel('Mobile number').fill('(425) 555-0182');
  await save(dana);
  await expect.poll(() => dana.said()).toEqual(['from Maria']);
  await expect(dana.reply).toHaveValue('For Maria only');
  expect(await stack.phoneOf(MARIA)).toEqual([]);
});

test('why a number cannot be texted is said in its place, with what to do, until it can be again', async ({stack, dana}) => {
  const texting = dana.page.locator('#texting');
  const nobodys = await booked(dana, {number: '+14255550192'});
  await opensAppointment(dana, nobodys);
  await expect(texting).toContainText('No carrier has the number (425) 555-0192. Check it with the customer');
  await expect(dana.reply).toBeHidden();

  await opensAppointment(dana, await booked(dana));
  await expect(dana.reply).toBeVisible();
  await expect(texting).toBeEmpty();
  // At the booking, the lookup found the number. Now carriers do not deliver to it.
  await stack.numberIs('invalid', MARIA);
  await dana.replies('See you tomorrow.');
  await expect(texting).toContainText('The carrier does not deliver to (425) 555-0182, so texts do not arrive. Check the number');
  await expect(dana.reply).toBeHidden();
  await texting.getByRole('link', {name: 'Read what was said with this number'}).click();
  await expect(dana.bubbles.last()).toContainText('See you tomorrow.');

  await dana.page.goBack();
  await expect(texting).toContainText('The carrier does not deliver to');
  await stack.customerTexts(MARIA, 'I am still here');
  await expect(dana.reply).toBeVisible();
  await expect(texting).toBeEmpty();
  await expect(dana.bubbles.last()).toContainText('I am still here');
});

test('cancelling takes a second step and keeps what was being written', async ({dana}) => {
  const appointment = await booked(dana);
  await opensAppointment(dana, appointment);
  await dana.page.getByLabel('Notes').fill('Called at nine');
  await dana.page.getByText('Cancel appointment').click();
  await expect(dana.page.locator('#cancel')).toContainText('Cancel the appointment of Maria Lopez, tomorrow 3:00 PM?');
  await dana.page.getByRole('button', {name: 'Yes, cancel it'}).click();
  await expect(dana.page.locator('#appointment-head')).toContainText('cancelled');
  await expect(dana.page.getByLabel('Notes')).toHaveValue('Called at nine');
  await save(dana);
  await expect(dana.page.locator('.cancelled').last()).toContainText('does not take place');
  const saved = async () => {
    const path = `/api/appointments/${appointment.id}`;
    const {status, notes} = await (await dana.page.request.get(path, {headers: {accept: 'application/json'}})).json();
    return {status, notes};
  };
  await expect.poll(saved).toEqual({status: 'cancelled', notes: 'Called at nine'});
});

test('a day and a form follow what colleagues change without the refresh every five seconds', {tag: '@any-width'}, async ({dana, marcus}) => {
  const appointment = await booked(dana, {provider: 'marcus'});
  for (const staff of [dana, marcus]) await staff.refreshesOnlyForAReason();
  await dana.page.goto(`/appointments.html?day=${appointment.day}`);
  await expect(dana.page.locator('.appointment')).toContainText('with Marcus Bell');
  await opensAppointment(marcus, appointment);
  for (const staff of [dana, marcus]) await staff.isLive();
  await booked(dana, {name: 'Sam Okafor', number: '', time: '16:00'});
  const changed = await dana.page.request.post(`/api/appointments/${appointment.id}`, {
    headers: {accept: 'application/json'},
    data: {version: appointment.version, provider: 'priya'},
  });
  expect(changed.status()).toBe(200);
  await expect(dana.page.locator('.appointment')).toHaveText([/with Priya Natarajan/, /Sam Okafor/]);
  await expect(marcus.page.getByLabel('With')).toHaveValue('priya');
});

test('whom a new appointment is with is chosen from the staff, and a choice survives a reload', async ({dana}) => {
  const {page} = dana;
  await page.goto('/new-appointment.html');
  const provider = page.getByLabel('With');
  await expect(provider.locator('option')).toHaveText(['Anybody', 'Dana Whitfield', 'Marcus Bell', 'Priya Natarajan']);
  await provider.selectOption('Marcus Bell');
  await page.getByLabel('Customer').fill('Maria Lopez');
  await page.reload();
  await expect(provider).toHaveValue('marcus');
  await page.getByLabel('Time').fill('15:00');
  await page.getByRole('button', {name: 'Book'}).click();
  await page.waitForURL('**/appointment.html?a=*');
  await expect(provider).toHaveValue('marcus');
});

test.describe('when an answer is lost', () => {
  test.use({connectionFails: true});

  test('the booking is made once, and what is filled in after it is another', {tag: '@any-width'}, async ({dana}) => {
    const {page} = dana;
    await page.goto('/new-appointment.html');
    const keys = [];
    await page.route('**/api/appointments', async route => {
      if (route.request().method() !== 'POST') return route.continue();
      keys.push(route.request().headers()['idempotency-key']);
      if (keys.length === 3) return route.continue();
      // The request arrives, and its response is lost. `route.fetch` drops the header Sec-Fetch-Site, so it is set again.
      await route.fetch({headers: {...route.request().headers(), 'sec-fetch-site': 'same-origin'}});
      await route.fulfill({status: 503});
    });
    const book = page.getByRole('button', {name: 'Book'});
    await page.getByLabel('Customer').fill('Ann Lee');
    await page.getByLabel('Time').fill('10:00');
    await book.click();
    await expect.poll(() => keys.length).toBe(1);
    await expect(book).toBeEnabled();
    await book.click();
    await expect.poll(() => keys.length).toBe(2);
    await expect(book).toBeEnabled();
    await page.getByLabel('Customer').fill('Ben Cole');
    await page.getByLabel('Time').fill('11:00');
    await book.click();
    await page.waitForURL('**/appointment.html?a=*');
    expect(keys[1], 'the same again').toBe(keys[0]);
    expect(keys[2], 'another booking').not.toBe(keys[0]);
    const {items} = await (await page.request.get('/api/appointments', {headers: {accept: 'application/json'}})).json();
    expect(items.map(({name, time}) => `${time} ${name}`)).toEqual(['10:00 Ann Lee', '11:00 Ben Cole']);
  });
});

test('today, tomorrow and yesterday are days of the calendar, also where one has 23 hours', {tag: '@any-width'}, async ({dana}) => {
  const {page} = dana;
  // 23:30 in Los Angeles, on the day before daylight saving time begins.
  await page.clock.setFixedTime(new Date('2027-03-14T07:30:00Z'));
  await page.goto('/');
  const called = at => page.evaluate(instant => nameOfDay(new Date(instant)), at);
  expect(await called('2027-03-13T20:00:00Z')).toBe('Today');
  expect(await called('2027-03-14T20:00:00Z')).toBe('Tomorrow');
  expect(await called('2027-03-15T17:00:00Z')).toBe('Monday, March 15');
  expect(await called('2027-03-12T20:00:00Z')).toBe('Yesterday');
  // 00:30 in Los Angeles, on the day after daylight saving time ends.
  await page.clock.setFixedTime(new Date('2026-11-02T08:30:00Z'));
  expect(await called('2026-11-01T20:00:00Z')).toBe('Yesterday');
  expect(await called('2026-10-31T20:00:00Z')).toBe('Saturday, October 31');
});

test('a status that comes from elsewhere shows by itself', {tag: '@any-width'}, async ({dana}) => {
  const appointment = await booked(dana);
  await opensAppointment(dana, appointment);
  await dana.page.request.put(`/api/appointments/${appointment.id}`, {data: {status: 'confirmed'}});
  await expect(dana.page.locator('#appointment-head')).toContainText('confirmed');
  await expect(dana.page.getByLabel('Status').locator('option:checked')).toHaveText('confirmed');
});

test.describe('staff who are somewhere else', () => {
  test('see the times of the company', {tag: '@any-width'}, async ({stack, signIn}) => {
    const dana = await signIn('Dana Whitfield', {timezoneId: 'Asia/Tokyo'});
    await stack.customerTexts(MARIA, 'Hello');
    const appointment = await booked(dana);
    await opensAppointment(dana, appointment);
    await expect(dana.page.locator('#appointment-head')).toContainText('tomorrow 3:00 PM');
    await expect(dana.page.getByLabel('Time')).toHaveValue('15:00');
    await dana.opensConversationWith('Maria Lopez');
    const {items} = await (await dana.page.request.get('/api/notifications', {headers: {accept: 'application/json'}})).json();
    const clock = new Intl.DateTimeFormat('en-US', {timeZone: 'America/Los_Angeles', hour: 'numeric', minute: '2-digit'});
    await expect(dana.bubbles.locator('xpath=..').locator('.meta time').first()).toHaveText(clock.format(new Date(items[0].at)));
  });
});

test('an appointment that is moved is booked again, and the new time is texted by two clicks', {tag: '@any-width'}, async ({stack, dana}) => {
  const {page} = dana;
  await page.goto('/new-appointment.html');
  await page.getByLabel('Customer').fill('Ann Lee');
  await page.getByLabel('Mobile number').fill(MARIA);
  await page.getByLabel('Day').fill('2030-02-04');
  await page.getByLabel('Time').fill('10:00');
  await page.getByRole('button', {name: 'Book'}).click();
  await page.waitForURL('**/appointment.html?a=*');
  await page.getByLabel('Status').selectOption('confirmed');
  await page.getByRole('button', {name: 'Save'}).click();
  await expect(page.locator('#appointment-head .status')).toHaveText('confirmed');
  await page.getByLabel('Time').fill('14:30');
  await page.getByRole('button', {name: 'Save'}).click();
  await expect(page.locator('#appointment-head .status')).toHaveText('booked');
  await expect(page.locator('.moved')).toContainText('the customer confirmed the other time');
  await page.getByRole('button', {name: 'Text the new time'}).click();
  await expect(dana.reply).toHaveValue('Your appointment is now on Monday, 4 February 2030 at 14:30.');
  await expect(dana.reply).toBeFocused();
  await dana.send.click();
  await expect.poll(() => stack.phoneOf(MARIA)).toEqual(['Your appointment is now on Monday, 4 February 2030 at 14:30.']);
});

test('a practitioner who is taken is pointed out while the time is chosen, and nothing of the customer is in the address', {tag: '@any-width'}, async ({dana}) => {
  const {page} = dana;
  await booked(dana, {provider: 'marcus'});
  await page.goto('/new-appointment.html');
  const asked = [];
  page.on('request', request => request.url().includes('planned') && asked.push(new URL(request.url()).search));
  await page.getByLabel('Customer').fill('Ann Lee');
  await page.getByLabel('Mobile number').fill(MARIA);
  const tomorrow = (await (await page.request.get('/api/appointments', {headers: {accept: 'application/json'}})).json()).day;
  await page.getByLabel('Day').fill(new Date(Date.parse(tomorrow) + 86_400_000).toISOString().slice(0, 10));
  await page.getByLabel('Time').fill('15:30');
  await page.getByLabel('With').selectOption('Marcus Bell');
  await expect(page.locator('.planned')).toContainText('Marcus Bell has an appointment then: 3:00 PM – 3:45 PM, Maria Lopez');
  await page.getByLabel('Time').fill('15:45');
  await page.getByLabel('Time').blur();
  await expect(page.locator('.planned')).toBeEmpty();
  await page.getByLabel('Day').fill('2026-01-05');
  await page.getByLabel('Day').blur();
  await expect(page.locator('.planned')).toContainText('That time is over');
  expect(asked.length).toBeGreaterThan(2);
  for (const search of asked) expect(search).not.toMatch(/Ann|425|name|mobile/);
});

test('times are right in a browser that does not know the zone of the company, or knows it as it was', {tag: '@any-width'}, async ({dana}) => {
  const {page} = dana;
  const appointment = await booked(dana);
  for (const instead of [null, 'Asia/Kolkata']) {
    // The browser's time zone data lacks the company's zone, or has other rules for it.
    await page.addInitScript(instead => {
      const Format = Intl.DateTimeFormat;
      Intl.DateTimeFormat = function(locale, options) {
        if (options?.timeZone?.startsWith('America') && !instead) throw new RangeError('Invalid time zone specified');
        return new Format(locale, options?.timeZone?.startsWith('America') ? {...options, timeZone: instead} : options);
      };
    }, instead);
    await page.goto(`/appointments.html?day=${appointment.day}`);
    await expect(page.locator('.appointment-when')).toHaveText('3:00 PM – 3:45 PM');
    await opensAppointment(dana, appointment);
    await expect(page.locator('#appointment-head')).toContainText('tomorrow 3:00 PM');
    await expect(page.getByLabel('Time')).toHaveValue('15:00');
  }
});
