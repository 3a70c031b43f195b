// People of every contract use the web client, and what they write crosses with what programs write.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd } from './browser.mjs';
import { PASSWORD, fillIn, openRoom, person, row, said, sees, stage, write } from './client.mjs';

const start = stage();

/** Sends JSON and reads JSON, as a program. */
async function post(server, path, body) {
  const answer = await fetch(server.url + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

/** A page of another origin from which a program can open sockets. */
async function program(t, browser) {
  return openPage(browser, await serveFrontEnd(t));
}

/** How people of each contract came to be here, and how they call themselves in the web client. */
const CONTRACTS = {
  actions: async ({ server, page }) => {
    await page.evaluate(
      async ([url, password]) => {
        const line = new Line(url);
        await line.opened;
        line.say({ action: 'new', data: { username: 'Anna', email: 'anna@example.com', password } });
        const answer = await line.hear();
        if (answer.error) throw new Error(answer.error);
      },
      [`${server.socketUrl}/users/`, PASSWORD],
    );
    return 'Anna';
  },
  rooms: async ({ server }) => {
    await post(server, '/api/v1/users', { username: 'Rosa', secret: PASSWORD });
    return 'Rosa';
  },
  tokens: async ({ server }) => {
    await post(server, '/api/v1/user/signup', { email: 'tom@example.com', password: PASSWORD, firstName: 'Tom', lastName: 'Token' });
    return 'tom@example.com';
  },
  cookies: async ({ server }) => {
    await post(server, '/api/users/', { username: 'Carl', password: PASSWORD, password_confirm: PASSWORD, display_name: 'Carl', facility_id: '1' });
    return 'Carl';
  },
  lobby: async ({ server }) => {
    await post(server, '/createUser', { email: 'lou@example.com', username: 'Lou Lobby', password: PASSWORD });
    return 'Lou Lobby';
  },
};

for (const [contract, signUp] of Object.entries(CONTRACTS)) {
  test(`who signed up through ${contract} talks in the web client`, async (t) => {
    const { server, browser } = await start();
    const name = await signUp({ server, page: await program(t, browser) });
    const page = await openPage(browser, `${server.url}/app/login?next=${encodeURIComponent('/app/rooms/lobby')}`);
    await fillIn(page, { 'Username or e-mail': name, Password: PASSWORD }, 'Log in');
    await page.locator('.composer').waitFor();
    await write(page, `Hello from ${contract}`);
    await sees(page, `Hello from ${contract}`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });
}

test('messages of three contracts stand in one order for all', async (t) => {
  const { server, browser } = await start();
  const page = await person({ server, browser }, 'Crossing');
  await openRoom(page, 'lobby');
  await row(page, 'Hello from lobby').waitFor();
  const before = (await said(page)).length;
  await post(server, '/api/v1/users', { username: 'Rick', secret: PASSWORD });
  const rooms = await post(server, '/api/v1/login', { username: 'Rick', secret: PASSWORD });
  await post(server, '/createUser', { email: 'lisa@example.com', username: 'Lisa', password: PASSWORD });
  const lobby = await post(server, '/login', { email: 'lisa@example.com', password: PASSWORD });
  const peers = await program(t, browser);
  await peers.evaluate(
    async ([url, rooms, lobby]) => {
      window.rick = new Line(`${url}/api/v1/rooms/lobby/messages/ws`, [rooms]);
      window.lisa = new Line(`${url}/join`, [lobby]);
      await Promise.all([window.rick.opened, window.lisa.opened]);
      for (let count = 0; count < 10; count += 1) {
        window.rick.say({ text: `rooms ${count}` });
        window.lisa.say({ type: 'chat_message', msg: { text: `lobby ${count}` } });
      }
    },
    [server.socketUrl, rooms.data.token, lobby.token],
  );
  for (let count = 0; count < 10; count += 1) await write(page, `web ${count}`);
  await page.waitForFunction((count) => document.querySelectorAll('.message[data-seq]').length >= count, before + 30);
  const order = (await said(page)).slice(before);
  const heard = await peers.evaluate(async () => {
    const told = { rick: [], lisa: [] };
    while (told.rick.length < 30) told.rick.push(...[await window.rick.hear()].flat().map(({ text }) => text).filter((text) => /^(web|rooms|lobby) \d$/.test(text)));
    while (told.lisa.length < 30) {
      const { type, msg } = await window.lisa.hear();
      if (type === 'chat_message') told.lisa.push(msg.text);
    }
    return told;
  });
  assert.equal(new Set(order).size, 30);
  assert.deepEqual(heard.rick, order);
  assert.deepEqual(heard.lisa, order);
  assert.deepEqual(page.complaints, []);
});
