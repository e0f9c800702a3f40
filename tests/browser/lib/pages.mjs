// Every page there is, each as somebody comes upon it with the demo's customers.
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

/** Before anything was said. */
export const EMPTY = [
  {name: 'dashboard-empty', path: '/', ready: '.empty'},
  {name: 'messages-empty', path: '/messages.html', ready: '.empty'},
  {name: 'notifications-empty', path: '/notifications.html', ready: '.empty'},
  {name: 'appointments-empty', path: '/appointments.html', ready: '.empty'},
];

/** Where a customer's conversation is, Maria's if it is nobody's else, asked for as a program would. */
export async function conversationPath(page, number = MARIA) {
  const answer = await page.request.get('/api/conversations', {headers: {accept: 'application/json'}});
  const {items} = await answer.json();
  return `/conversation.html?c=${items.find(item => item.number === number).conversation}`;
}

/** Where Maria's appointment is, which may be tomorrow's late in the evening. */
export async function appointmentPath(page) {
  const answer = await page.request.get('/api/conversations', {headers: {accept: 'application/json'}});
  const {items} = await answer.json();
  return `/appointment.html?a=${items.find(item => item.number === MARIA).next_appointment.id}`;
}

/** Goes to a page and waits until what it shows has come, the account above it too. */
export async function opens(page, {path, ready}) {
  await page.goto(path);
  await page.locator(ready).first().waitFor({state: 'attached'});
  if (await page.locator('.account').count()) await page.locator('.account-leave').waitFor({state: 'attached'});
}
