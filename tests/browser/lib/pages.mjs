// Every page of the portal, as a person finds it with the demo's customers.
import {MARIA} from './stack.mjs';

export const SIGNED_OUT = [
  {name: 'sign-in', path: '/sign-in.html', ready: '#sign-in'},
  {name: 'help-push', path: '/help-push.html', ready: 'h1'},
  {name: 'help-answering', path: '/help-answering.html', ready: 'h1'},
  {name: 'offline', path: '/offline.html', ready: 'h1'},
];

export function signedIn(conversation, appointment) {
  return [
    {name: 'dashboard', path: '/', ready: '#recent .row'},
    {name: 'messages', path: '/messages.html', ready: '#conversations .conversation'},
    {name: 'notifications', path: '/notifications.html', ready: '#notifications .row'},
    {name: 'blocked', path: '/blocked.html', ready: '#blocked .empty'},
    {name: 'conversation', path: conversation, ready: '#messages .message'},
    {name: 'history', path: conversation.replace('conversation', 'history'), ready: '#history .deed'},
    {name: 'no-history', path: '/history.html?c=nonsense', ready: 'main .problem'},
    {name: 'appointments', path: '/appointments.html', ready: '#appointment-rows .appointment'},
    {name: 'appointment', path: appointment, ready: '#messages .message'},
    {name: 'new-appointment', path: '/new-appointment.html', ready: '.account-name'},
    {name: 'no-appointment', path: '/appointment.html?a=nonsense', ready: 'main .problem'},
    {name: 'new-message', path: '/new-message.html', ready: '.account-name'},
    {name: 'notification-settings', path: '/notification-settings.html', ready: '.push-settings'},
    {name: 'sessions', path: '/sessions.html', ready: '#sessions .browser'},
    {name: 'no-conversation', path: '/conversation.html?c=nonsense', ready: 'main .problem'},
    {name: 'not-found', path: '/nothing-here.html', ready: 'h1'},
    {name: 'handset', path: `/handset?from=${encodeURIComponent(MARIA)}`, ready: '#thread .received'},
  ];
}

/** The pages before the first message. */
export const EMPTY = [
  {name: 'dashboard-empty', path: '/', ready: '.empty'},
  {name: 'messages-empty', path: '/messages.html', ready: '.empty'},
  {name: 'notifications-empty', path: '/notifications.html', ready: '.empty'},
  {name: 'appointments-empty', path: '/appointments.html', ready: '.empty'},
];

/** Returns the path of a customer's conversation, Maria's by default. Asks the API for it as JSON. */
export async function conversationPath(page, number = MARIA) {
  const answer = await page.request.get('/api/conversations', {headers: {accept: 'application/json'}});
  const {items} = await answer.json();
  return `/conversation.html?c=${items.find(item => item.number === number).conversation}`;
}

/** Returns the path of Maria's appointment. Late in the evening it is one of tomorrow. */
export async function appointmentPath(page) {
  const answer = await page.request.get('/api/conversations', {headers: {accept: 'application/json'}});
  const {items} = await answer.json();
  return `/appointment.html?a=${items.find(item => item.number === MARIA).next_appointment.id}`;
}

/** Opens a page, and waits for its content and for the account in its header. */
export async function opens(page, {path, ready}) {
  await page.goto(path);
  await page.locator(ready).first().waitFor({state: 'attached'});
  if (await page.locator('.account').count()) await page.locator('.account-leave').waitFor({state: 'attached'});
}
