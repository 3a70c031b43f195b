// A room in which a hundred thousand messages were written is as light as one with ten.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd } from './browser.mjs';
import { call, openRoom, person, row, sees, stage, write } from './client.mjs';

const MESSAGES = 100_000;
/** What the client keeps at most, and the elements that it makes of it. */
const KEPT = 300;
const ELEMENTS = 4_500;

const start = stage();

/** Writes them all through one socket of the contract `rooms`. */
async function fill(t, { server, browser }, name) {
  const writer = { username: 'Writer', secret: 'correct horse battery staple' };
  const headers = { 'Content-Type': 'application/json' };
  const post = (path) => fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(writer) }).then((answer) => answer.json());
  await post('/api/v1/users');
  const { data: { token } } = await post('/api/v1/login');
  const page = await openPage(browser, await serveFrontEnd(t));
  await page.evaluate(
    ([url, token, count]) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, [token]);
        let [written, heard] = [0, 0];
        // Never more on the way than the server takes of one peer.
        const more = () => {
          while (written < count && written - heard < 512) socket.send(JSON.stringify({ text: `Message ${(written += 1)}` }));
        };
        socket.onopen = more;
        socket.onmessage = ({ data }) => {
          heard += JSON.parse(data).length ?? 1;
          if (heard >= count) resolve();
          else more();
        };
        socket.onclose = ({ code, reason }) => reject(new Error(`${code} ${reason} after ${heard}`));
      }),
    [`${server.socketUrl}/api/v1/rooms/${name}/messages/ws`, token, MESSAGES],
  );
  await page.context().close();
}

/** How much there is of the page, and where it stands. */
const measure = (page) =>
  page.evaluate(() => {
    const rows = document.querySelectorAll('.message');
    return { rows: rows.length, elements: document.querySelectorAll('*').length, first: Number(rows[0]?.dataset.seq), last: Number([...rows].at(-1)?.dataset.seq) };
  });

/** Scrolls by steps; how often what one reads has moved otherwise than by the step. */
const scroll = (page, step, times) =>
  page.evaluate(
    async ([step, times]) => {
      const scroller = document.querySelector('.scroller');
      const edge = scroller.getBoundingClientRect().top;
      let jumps = 0;
      for (let time = 0; time < times; time += 1) {
        const read = [...scroller.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().top > edge + 300);
        const { seq } = read.dataset;
        const [before, from] = [read.getBoundingClientRect().top, scroller.scrollTop];
        scroller.scrollTop += step;
        const moved = scroller.scrollTop - from;
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        const now = scroller.querySelector(`[data-seq="${seq}"]`)?.getBoundingClientRect().top;
        if (now === undefined || Math.abs(now - before + moved) > 1) jumps += 1;
      }
      return jumps;
    },
    [step, times],
  );

test('a hundred thousand messages are scrolled through without a jump', { timeout: 240_000 }, async (t) => {
  const scene = await start();
  await fill(t, scene, 'long');
  const page = await person(scene, 'Reader', '/app', { viewport: { width: 1280, height: 800 } });
  await call(page, 'PUT', '/rooms/long/members/me');
  await openRoom(page, 'long');
  await sees(page, `Message ${MESSAGES}`);
  const { last_seq: end } = await call(page, 'GET', '/rooms/long');
  assert.equal(await scroll(page, -400, 60), 0);
  const up = await measure(page);
  assert.ok(up.first < end - KEPT && up.rows <= KEPT && up.elements < ELEMENTS, JSON.stringify(up));
  assert.equal(await scroll(page, 400, 60), 0);
  const back = await measure(page);
  assert.ok(back.last > up.last && back.rows <= KEPT && back.elements < ELEMENTS, JSON.stringify(back));

  // Into the middle, as a link leads there, and back.
  await page.goto(`${scene.server.url}/app/rooms/long?at=50000`);
  await row(page, 'Message 5').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.seq), '50000');
  assert.equal(await scroll(page, -400, 20), 0);
  assert.equal(await scroll(page, 400, 40), 0);
  assert.ok((await measure(page)).rows <= KEPT);
  await page.getByRole('button', { name: 'Jump to latest' }).click();
  await sees(page, `Message ${MESSAGES}`);
  await write(page, 'The last word');
  await sees(page, 'The last word');
  assert.deepEqual(page.complaints, []);
});
