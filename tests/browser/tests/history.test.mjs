import {readFile} from 'node:fs/promises';
import {booked} from '../lib/appointments.mjs';
import {expect, test, MARIA, SAM} from '../lib/test.mjs';

test.beforeEach(async ({stack}) => {
  await stack.customerTexts(MARIA, 'Running 10 min late, ok?');
});

const deeds = staff => staff.page.locator('.deed');

test('an administrator sees who did what about a customer, the latest first', async ({stack, dana, marcus}) => {
  await marcus.opensConversationWith('Running');
  await marcus.replies('No problem.');
  await marcus.hasSent();
  const {id, version} = await booked(marcus, {notes: ''});
  const changed = await marcus.page.request.post(`/api/appointments/${id}`, {data: {version, minutes: 60}});
  expect(changed.ok()).toBe(true);
  await stack.customerTexts(MARIA, 'STOP');

  await dana.opensConversationWith('STOP');
  await dana.page.getByRole('link', {name: 'History'}).click();
  await expect(dana.page.locator('.history-who')).toContainText('Maria Lopez');
  await expect(deeds(dana)).toContainText([
    /The customer.*opted out of texts, writing “STOP”/s,
    /Marcus Bell.*changed the appointment tomorrow.*Length from 45 minutes to 60 minutes/s,
    /Marcus Bell.*entered the appointment tomorrow/s,
    /Marcus Bell.*sent “No problem.”/s,
  ]);
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-history-of-maria.png`, fullPage: true});
});

test('whoever is no administrator is not led there, and told why nothing shows', async ({marcus}) => {
  await marcus.opensConversationWith('Running');
  await expect(marcus.page.locator('#to-history')).toBeHidden();
  await marcus.page.goto(marcus.page.url().replace('conversation', 'history'));
  await expect(marcus.problem).toHaveText(/Only an administrator of Harbor Dental sees this\./);
  await expect(deeds(marcus)).toHaveCount(0);
});

test('what is held is downloaded as a file, and that it was stands in the history', async ({dana}) => {
  await dana.opensConversationWith('Running');
  await dana.page.getByRole('link', {name: 'History'}).click();
  await expect(dana.page.getByText('Nobody has done anything yet.')).toBeVisible();
  const [download] = await Promise.all([
    dana.page.waitForEvent('download'),
    dana.page.getByRole('button', {name: 'Download'}).click(),
  ]);
  expect(download.suggestedFilename()).toBe('customer-data.json');
  const {held} = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(held.messages.map(({text}) => text)).toEqual(['Running 10 min late, ok?']);
  await dana.page.reload();
  await expect(deeds(dana)).toContainText([/Dana Whitfield.*took a copy of everything held/s]);
});

test('long after a sign-in what is held is not handed over, and one click leads to the provider and back', async ({stack, dana}) => {
  await dana.opensConversationWith('Running');
  await dana.page.getByRole('link', {name: 'History'}).click();
  await expect(dana.page.getByText('Nobody has done anything yet.')).toBeVisible();
  await stack.sessionsAreOlder(11);
  // The gateway caches its answer about a cookie for a minute. Another cookie changes the cache key.
  await dana.page.context().addCookies([{name: 'another', value: 'one', url: dana.page.url()}]);
  await dana.page.getByRole('button', {name: 'Download'}).click();
  await expect(dana.problem).toHaveText(/within ten minutes of signing in/);
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-sign-in-again.png`, fullPage: true});
  const history = dana.page.url();
  const asked = dana.page.waitForRequest(/\/local\/issuer\/authorize/);
  await dana.page.getByRole('link', {name: 'Sign in again'}).click();
  expect(new URL((await asked).url()).searchParams.get('max_age')).toBe('0');
  await dana.page.getByRole('button', {name: 'Dana Whitfield'}).click();
  await expect(dana.page).toHaveURL(history);
  await Promise.all([
    dana.page.waitForEvent('download'),
    dana.page.getByRole('button', {name: 'Download'}).click(),
  ]);
  await expect(dana.problem).toHaveCount(0);
});

test('a customer is erased in two steps, and leaves every page that is open', async ({stack, dana, marcus, signIn}) => {
  await stack.customerTexts(SAM, 'Is Monday free?');
  const priya = await signIn('Priya Natarajan');
  await priya.opensDashboard();
  await priya.isLive();
  await expect(priya.panel.getByRole('listitem')).toHaveCount(2);
  await marcus.opensConversationWith('Running');
  await marcus.isLive();
  await marcus.reply.fill('See you');

  await dana.opensConversationWith('Running');
  await dana.page.getByRole('link', {name: 'History'}).click();
  await dana.page.getByText('Erase…').click();
  await expect(dana.page.getByText('It cannot be undone.')).toBeVisible();
  await dana.page.screenshot({path: `artefacts/${test.info().project.name}-erasing.png`, fullPage: true});
  await dana.page.getByRole('button', {name: 'Erase everything'}).click();
  await expect(dana.page.getByText('1 text or call and 0 appointments of this customer are erased.')).toBeVisible();

  await expect(priya.panel.getByRole('listitem')).toHaveCount(1);
  await expect(priya.panel.getByRole('listitem')).toContainText('Is Monday free?');
  await expect(marcus.problem).toHaveText(/There is no such conversation/);
  await expect(marcus.bubbles).toHaveCount(0);
  await expect(marcus.reply).toBeHidden();
});
