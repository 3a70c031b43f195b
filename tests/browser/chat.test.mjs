// A page of any origin signs up, logs in and chats: members with their token as subprotocol, guests as readers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

const PASSWORD = 'correct horse battery staple';

async function start(t) {
  const [server, browser, origin] = await Promise.all([startParlour(t), startBrowser(t), serveFrontEnd(t)]);
  return { server, browser, origin, page: await openPage(browser, origin) };
}

/** Signs up and logs in by `rooms`, in the page; the token. */
function join(page, server, username) {
  const credentials = { username, secret: PASSWORD };
  return page.evaluate(
    async ([url, credentials]) => {
      const made = await call('POST', `${url}/api/v1/users`, credentials);
      const login = await call('POST', `${url}/api/v1/login`, credentials);
      if (made.status !== 201 || login.status !== 200) throw new Error(JSON.stringify([made, login]));
      return login.body.data.token;
    },
    [server.url, credentials],
  );
}

const room = (server) => `${server.socketUrl}/api/v1/rooms/tea%20room/messages/ws`;

test('a member reads and writes', async (t) => {
  const { server, page } = await start(t);
  const token = await join(page, server, 'Ada');
  const [opened, [message]] = await page.evaluate(
    async ([url, token]) => {
      const line = new Line(url, [token]);
      const opened = await line.opened;
      line.say({ text: 'Hello, wörld!', key: 'k1' });
      return [opened, await line.hear()];
    },
    [room(server), token],
  );
  assert.equal(opened.protocol, token);
  assert.deepEqual([message.id, message.key, message.sender.username, message.text], [1, 'k1', 'Ada', 'Hello, wörld!']);
  assert.deepEqual(page.complaints, []);
});

test('a guest reads, and is closed when it sends', async (t) => {
  const { server, browser, origin, page } = await start(t);
  const token = await join(page, server, 'Ada');
  const guest = await openPage(browser, origin);
  await guest.evaluate((url) => {
    window.line = new Line(url);
    return window.line.opened;
  }, room(server));
  await page.evaluate(
    async ([url, token]) => {
      const line = new Line(url, [token]);
      await line.opened;
      line.say({ text: 'Can you hear me?' });
    },
    [room(server), token],
  );
  const [[heard], closed] = await guest.evaluate(async () => {
    const heard = await window.line.hear();
    window.line.say({ text: 'Yes' });
    return [heard, await window.line.closed];
  });
  assert.equal(heard.text, 'Can you hear me?');
  assert.equal(closed.code, 1008);
  assert.notEqual(closed.reason, '');
});

test('a token that does not hold opens nothing', async (t) => {
  const { server, page } = await start(t);
  const token = await join(page, server, 'Ada');
  const forged = `${token.slice(0, -4)}AAAA`;
  for (const url of [room(server), `${server.socketUrl}/join`]) {
    const outcome = await page.evaluate(([url, token]) => new Line(url, [token]).opened, [url, forged]);
    // A socket that never opened ends with 1006 (RFC 6455 section 7.1.5).
    assert.equal(outcome.code, 1006);
  }
});

test('the lobby opens by the token as subprotocol', async (t) => {
  const { server, page } = await start(t);
  const token = await join(page, server, 'Ada');
  const [opened, ...events] = await page.evaluate(
    async ([url, token]) => {
      const line = new Line(url, [token]);
      const opened = await line.opened;
      const greetings = [await line.hear(), await line.hear()];
      line.say({ type: 'chat_message', msg: { text: 'Anybody here?' } });
      return [opened, ...greetings, await line.hear()];
    },
    [`${server.socketUrl}/join`, token],
  );
  assert.equal(opened.protocol, token);
  assert.deepEqual(events.map((event) => event.type), ['users_online', 'user_joined', 'chat_message']);
  assert.deepEqual(events[0].msg.list, []);
  assert.equal(events[2].msg.from_user, 'Ada');
  assert.equal(events[2].msg.text, 'Anybody here?');
});
