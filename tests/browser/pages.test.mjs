// The pages that mails and the first start link to, as a person meets them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

const PASSWORD = 'correct horse battery staple';

const heading = (page) => page.getByRole('heading', { level: 1 }).textContent();

/** Waits for the answer to a form's button. */
async function press(page, name) {
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name }).click();
  const status = (await answer).status();
  await page.waitForLoadState();
  return status;
}

test('the link in the mail confirms an address by its button', async (t) => {
  const [server, browser] = await Promise.all([startParlour(t), startBrowser(t)]);
  const account = { email: 'ada@example.com', password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' };
  const headers = { 'Content-Type': 'application/json' };
  const signUp = await fetch(`${server.url}/api/v1/user/signup`, { method: 'POST', headers, body: JSON.stringify(account) });
  assert.equal(signUp.status, 201);
  const mail = await server.mailTo('ada@example.com');
  const [link] = /http:\/\/\S+\/verify\/\w+/.exec(mail);
  const page = await openPage(browser, link);
  assert.equal(await heading(page), 'Confirm your address');
  assert.equal(await press(page, 'Confirm'), 200);
  assert.equal(await heading(page), 'Confirmed');
  assert.deepEqual(page.complaints, []);
});

test('a verification link that nobody was sent says so', async (t) => {
  const [server, browser] = await Promise.all([startParlour(t), startBrowser(t)]);
  const page = await openPage(browser, `${server.url}/verify/${'a'.repeat(50)}`);
  assert.equal(await press(page, 'Confirm'), 401);
  assert.match(await page.getByRole('main').textContent(), /not valid/);
});

test('the first administrator is made once', async (t) => {
  const [server, browser] = await Promise.all([startParlour(t), startBrowser(t)]);
  const link = await server.setupLink();
  const page = await openPage(browser, link);
  await page.getByLabel('Username').fill('Root & <b>branch</b>');
  await page.getByLabel('Password').fill(PASSWORD);
  assert.equal(await press(page, 'Create the account'), 201);
  assert.match(await page.getByRole('main').textContent(), /Root & <b>branch<\/b> is the administrator now/);
  assert.deepEqual(page.complaints, []);
  const again = await openPage(browser, link);
  assert.equal(again.answer.status(), 410);
  assert.equal(await again.getByRole('button').count(), 0);
  const credentials = JSON.stringify({ username: 'Root & <b>branch</b>', secret: PASSWORD });
  const headers = { 'Content-Type': 'application/json' };
  const login = await fetch(`${server.url}/api/v1/login`, { method: 'POST', headers, body: credentials });
  assert.equal(login.status, 200);
});

test('a form that was filled badly says why, and keeps what was right', async (t) => {
  const [server, browser] = await Promise.all([startParlour(t), startBrowser(t)]);
  const page = await openPage(browser, await server.setupLink());
  await page.getByLabel('Username').fill('"Ada"');
  await page.getByLabel('Password').fill('12345678');
  assert.equal(await press(page, 'Create the account'), 400);
  assert.match(await page.getByRole('alert').textContent(), /password/);
  assert.equal(await page.getByLabel('Username').inputValue(), '"Ada"');
  assert.equal(await page.getByLabel('Password').inputValue(), '');
});
