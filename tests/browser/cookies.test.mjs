// Cookies across origins: a front-end that the operator named may use them, any other may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

const PASSWORD = 'correct horse battery staple';
const ADA = { username: 'Ada', password: PASSWORD, password_confirm: PASSWORD, display_name: 'Ada', facility_id: '1' };

async function start(t) {
  const [browser, named] = await Promise.all([startBrowser(t), serveFrontEnd(t)]);
  const server = await startParlour(t, [`server.origins=["${named}"]`]);
  return { browser, named, server };
}

const callWithCookies = (page, method, url, body) =>
  page.evaluate(([method, url, body]) => call(method, url, body, { credentials: 'include' }), [method, url, body]);

test('a named origin logs in and is known', async (t) => {
  const { browser, named, server } = await start(t);
  const page = await openPage(browser, named);
  assert.equal((await callWithCookies(page, 'POST', `${server.url}/api/users/`, ADA)).status, 201);
  assert.equal((await callWithCookies(page, 'DELETE', `${server.url}/api/sessions/`)).status, 200);
  const credentials = { username: 'Ada', password: PASSWORD };
  const login = await callWithCookies(page, 'POST', `${server.url}/api/sessions/`, credentials);
  assert.equal(login.body.detail, 'Login successful');
  const me = await callWithCookies(page, 'GET', `${server.url}/api/users/me/`);
  assert.deepEqual([me.status, me.body.data.user.username], [200, 'Ada']);
  const session = (await page.context().cookies()).find((cookie) => cookie.name === 'sessionid');
  assert.deepEqual([session.httpOnly, session.sameSite], [true, 'Lax']);
  assert.ok(!(await page.evaluate(() => document.cookie)).includes(session.value));
});

test('a foreign origin can do nothing with them', async (t) => {
  const { browser, named, server } = await start(t);
  const page = await openPage(browser, named);
  for (const account of [{ ...ADA, username: 'Eve' }, ADA]) {
    assert.equal((await callWithCookies(page, 'POST', `${server.url}/api/users/`, account)).status, 201);
  }
  // Another port is the same site, so the browser sends the cookie along; another host is not.
  for (const host of ['127.0.0.1', 'localhost']) {
    const foreign = await serveFrontEnd(t, host);
    await page.goto(foreign);
    assert.deepEqual(await callWithCookies(page, 'GET', `${server.url}/api/users/me/`), { blocked: true });
    assert.deepEqual(await callWithCookies(page, 'DELETE', `${server.url}/api/sessions/`), { blocked: true });
    // A form needs nobody's leave to be sent, so the server itself must not take a login from it.
    await page.evaluate(
      ([url, body]) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body }),
      [`${server.url}/api/sessions/`, JSON.stringify({ username: 'Eve', password: PASSWORD })],
    );
    const lobby = await page.evaluate((url) => new Line(url).opened, `${server.socketUrl}/join`);
    assert.equal(lobby.code, 1006);
  }
  await page.goto(named);
  const me = await callWithCookies(page, 'GET', `${server.url}/api/users/me/`);
  assert.equal(me.body.data.user.username, 'Ada');
});

test('the cookie opens the lobby for a named origin', async (t) => {
  const { browser, named, server } = await start(t);
  const page = await openPage(browser, named);
  assert.equal((await callWithCookies(page, 'POST', `${server.url}/api/users/`, ADA)).status, 201);
  const greeting = await page.evaluate(async (url) => {
    const line = new Line(url);
    await line.opened;
    return line.hear();
  }, `${server.socketUrl}/join`);
  assert.equal(greeting.type, 'users_online');
});
