// A room in which hundreds are present is as light as one with ten.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd } from './browser.mjs';
import { PASSWORD, call, openRoom, person, sees, stage, write } from './client.mjs';

/** Fewer than a page of a browser may have sockets. */
const PEOPLE = 240;
/** What can be seen of the list in a window of this height, and a little beyond it. */
const VIEWPORT = { width: 1280, height: 800 };
const ROWS = 40;

const start = stage();

const name = (number) => `person-${String(number).padStart(3, '0')}`;

/** Signs people up by `rooms`; their tokens. */
async function signUp({ url }, numbers) {
  const headers = { 'Content-Type': 'application/json' };
  const post = (path, body) => fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) }).then((answer) => answer.json());
  const tokens = [];
  const queue = [...numbers];
  const some = async () => {
    for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
      const { tokens: { access_token } } = await post('/api/v2/accounts', { username: name(number), password: PASSWORD, grant: 'tokens' });
      tokens[number] = access_token;
    }
  };
  await Promise.all([some(), some(), some(), some()]);
  return tokens;
}

/** What the page has of people: its number, the elements, and who is drawn. */
const drawn = (page) =>
  page.evaluate(() => ({
    count: Number(document.querySelector('.aside-title .count').textContent),
    elements: document.querySelectorAll('.people *').length,
    names: [...document.querySelectorAll('.present .name')].map((element) => element.textContent),
  }));

const counts = (page, count) => page.waitForFunction((count) => document.querySelector('.aside-title .count')?.textContent === String(count), count);

test('of hundreds who are here those are drawn who can be seen', { timeout: 240_000 }, async (t) => {
  const scene = await start();
  const page = await person(scene, 'Host', '/app', { viewport: VIEWPORT });
  await call(page, 'POST', '/rooms', { name: 'hall', visibility: 'public' });
  const tokens = await signUp(scene.server, Array.from({ length: PEOPLE }, (_, number) => number));
  const crowd = await openPage(scene.browser, await serveFrontEnd(t));
  const come = (from, to) =>
    crowd.evaluate(
      async ([url, tokens]) => {
        window.lines ??= [];
        const more = tokens.map((token) => new Line(url, [token]));
        await Promise.all(more.map(({ opened }) => opened));
        window.lines.push(...more);
      },
      [`${scene.server.socketUrl}/api/v1/rooms/hall/messages/ws`, tokens.slice(from, to)],
    );

  // Some are there before, some come later.
  await come(0, 100);
  await openRoom(page, 'hall');
  await counts(page, 101);
  await come(100, PEOPLE);
  await counts(page, PEOPLE + 1);
  const top = await drawn(page);
  assert.ok(top.names.length <= ROWS && top.elements < ROWS * 8, JSON.stringify(top));
  assert.deepEqual(top.names.slice(0, 3), ['Host', name(0), name(1)]);

  // The list is as long as there are people, and its end is drawn when one comes there.
  await page.evaluate(() => {
    const scroller = document.querySelector('.present-scroller');
    scroller.scrollTop = scroller.scrollHeight;
  });
  await page.getByRole('list', { name: 'People who are here' }).getByText(name(PEOPLE - 1)).waitFor();
  const end = await drawn(page);
  assert.ok(end.names.length <= ROWS && end.elements < ROWS * 8, JSON.stringify(end));
  await write(page, 'Welcome, everybody');
  await sees(page, 'Welcome, everybody');
  // Whoever comes to so many is told of some, and how many more there are.
  const late = await person(scene, 'Late', '/app/rooms/hall', { viewport: VIEWPORT });
  await counts(late, PEOPLE + 2);
  await late.getByText(/^and \d+ more$/).waitFor();
  await late.goto('about:blank');

  await crowd.evaluate(() => {
    for (const line of window.lines) line.socket.close(1000);
  });
  await page.waitForFunction(() => Number(document.querySelector('.aside-title .count').textContent) <= 2);
  assert.ok((await drawn(page)).names.includes('Host'));
  assert.deepEqual(page.complaints, []);
});
