// Coming in: a stranger signs up, logs in, and gets back in by mail.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage } from './browser.mjs';
import { PASSWORD, call, fillIn, person, stage, unexpected } from './client.mjs';

const start = stage();
const heading = (page, text) => page.getByRole('heading', { level: 1, name: text }).waitFor();

test('a stranger is talking within a minute', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, server.url);
  await heading(page, 'Good to see you');
  await page.getByRole('link', { name: 'Make an account' }).click();
  await fillIn(page, { Username: 'Ada', Password: PASSWORD }, 'Start talking');
  await page.getByRole('link', { name: 'To the lobby' }).click();
  await page.getByLabel('Write to lobby').fill('Good morning!');
  await page.keyboard.press('Enter');
  await page.locator('.message[data-seq]').filter({ hasText: 'Good morning!' }).waitFor();
  await page.reload();
  await page.locator('.message[data-seq]').filter({ hasText: 'Good morning!' }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('what is wrong stands at its field', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, `${server.url}/app/signup`);
  await fillIn(page, { Username: 'Wilma', Password: 'short' }, 'Start talking');
  const field = page.getByLabel('Password', { exact: true });
  await page.locator('[data-field=password] .complaint:not(:empty)').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  await person({ server, browser }, 'Taken');
  await fillIn(page, { Username: 'Taken', Password: PASSWORD }, 'Start talking');
  await page.locator('[data-field=username] .complaint:not(:empty)').waitFor();
  await page.goto(`${server.url}/app/login`);
  await fillIn(page, { 'Username or e-mail': 'Nobody', Password: PASSWORD }, 'Log in');
  await page.getByRole('alert').filter({ hasText: 'No account has this name and password' }).waitFor();
  assert.deepEqual(unexpected(page), []);
});

test('an address leads where it said, after the log-in', async () => {
  const { server, browser } = await start();
  await person({ server, browser }, 'Onwards');
  const page = await openPage(browser, `${server.url}/app/rooms/lobby`);
  await heading(page, 'Good to see you');
  await fillIn(page, { 'Username or e-mail': 'Onwards', Password: PASSWORD }, 'Log in');
  await heading(page, 'lobby');
  assert.equal(new URL(page.url()).pathname, '/app/rooms/lobby');
  await page.goto(`${server.url}/app/login?next=${encodeURIComponent('//example.org/app/x')}`);
  await page.locator('.shell').waitFor();
  assert.equal(new URL(page.url()).origin, server.url);
});

test('an address is confirmed, and a password set anew, by mail', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, `${server.url}/app/signup`);
  await fillIn(page, { Username: 'Grace', Password: PASSWORD, 'E-mail (optional)': 'grace@example.com' }, 'Start talking');
  await page.locator('.shell').waitFor();
  const confirm = await openPage(browser, /http:\/\/\S+\/verify\/\w+/.exec(await server.mailTo('grace@example.com'))[0]);
  await confirm.getByRole('button', { name: 'Confirm' }).click();
  await confirm.getByRole('link', { name: 'Open Parlour' }).waitFor();
  await page.goto(`${server.url}/app/account`);
  await page.getByText('confirmed', { exact: true }).waitFor();

  const lost = await openPage(browser, `${server.url}/app/forgot`);
  await fillIn(lost, { 'E-mail': 'grace@example.com' }, 'Send the link');
  await heading(lost, 'Look into your mail');
  const link = /http:\/\/\S+\/app\/reset#\S+/.exec(await server.mailTo('grace@example.com', '/app/reset#'))[0];
  await lost.goto(link);
  await fillIn(lost, { 'New password': 'another sentence of mine' }, 'Set the password');
  await heading(lost, 'Your password is set');
  assert.equal(new URL(lost.url()).hash, '');
  // Every session ends with it.
  await heading(page, 'Good to see you');
  await page.getByText('This session was ended elsewhere.').waitFor();
  await fillIn(page, { 'Username or e-mail': 'grace@example.com', Password: 'another sentence of mine' }, 'Log in');
  await page.locator('.shell').waitFor();
  await lost.goto('about:blank');
  await lost.goto(link);
  await fillIn(lost, { 'New password': 'a third sentence of mine' }, 'Set the password');
  await heading(lost, 'This link has expired');
  assert.deepEqual([...unexpected(page), ...unexpected(lost)], []);
});

test('an account is edited, looked after and deleted', async () => {
  const { server, browser } = await start();
  const page = await person({ server, browser }, 'Leaver', '/app/account');
  await fillIn(page, { 'Name that others see': 'Somebody Else', 'About you': '<b>bold</b>' }, 'Save');
  await page.locator('.me').filter({ hasText: 'Somebody Else' }).waitFor();
  await page.getByLabel('Choose a picture').setInputFiles({ name: 'face.png', mimeType: 'image/png', buffer: await page.screenshot() });
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await page.locator('.me img').waitFor();
  assert.match(await page.locator('.me img').getAttribute('src'), /^\/api\/v2\/accounts\/\d+\/avatar/);
  await fillIn(page, { 'Your password now': PASSWORD, 'New password': 'another sentence of mine' }, 'Change the password');
  await page.getByText('Your password is changed.').waitFor();
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await page.getByRole('dialog').getByLabel('Your password', { exact: true }).fill('another sentence of mine');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete my account' }).click();
  await page.getByText('Your account has been deleted.').waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((name) => /draft|outbox/.test(name))), []);
  assert.deepEqual(unexpected(page), []);
});

test('a session that is ended elsewhere throws its page out, and says why', async () => {
  const { server, browser } = await start();
  const here = await person({ server, browser }, 'Twice');
  const there = await openPage(browser, `${server.url}/app/login`);
  await fillIn(there, { 'Username or e-mail': 'Twice', Password: PASSWORD }, 'Log in');
  await there.locator('.shell').waitFor();
  await here.goto(`${server.url}/app/account`);
  await here.getByRole('button', { name: 'Log out everywhere else' }).click();
  await here.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await there.getByText('This session was ended elsewhere. Please log in again.').waitFor();
  await here.getByRole('heading', { name: 'Devices' }).waitFor();
  assert.equal((await call(here, 'GET', '/sessions')).items.length, 1);
});

test('whoever is logged in at many places sees all of them', async () => {
  const { server, browser } = await start();
  const page = await person({ server, browser }, 'Many');
  const body = JSON.stringify({ username: 'Many', password: PASSWORD, grant: 'tokens' });
  for (let more = 0; more < 50; more += 1) {
    const answer = await fetch(`${server.url}/api/v2/sessions`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    assert.equal(answer.status, 201);
  }
  await page.goto(`${server.url}/app/account`);
  const devices = page.locator('.rows .entry').filter({ hasText: 'native' });
  await devices.nth(49).waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await devices.nth(50).waitFor();
  await page.getByText('this one').waitFor();
  await page.getByRole('button', { name: 'Log out everywhere else' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await devices.nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Log out everywhere else' }).waitFor({ state: 'hidden' });
  assert.deepEqual(unexpected(page), []);
});

test('the first load is small, keeps its policy, and asks nobody else', async () => {
  const { server, browser } = await start();
  const page = await (await browser.newContext()).newPage();
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const asked = new Set();
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  const answer = await page.goto(server.url, { waitUntil: 'networkidle' });
  await heading(page, 'Good to see you');
  assert.deepEqual([...asked], [server.url]);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
});
