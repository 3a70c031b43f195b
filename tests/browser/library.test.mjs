// The client library by itself, in a front-end of another origin that holds tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, serveFrontEnd, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

const PASSWORD = 'correct horse battery staple';

test('a front-end of another origin signs up, follows, writes, renews and leaves', async (t) => {
  const [browser, origin] = await Promise.all([startBrowser(t), serveFrontEnd(t)]);
  const server = await startParlour(t, [`server.origins=["${origin}"]`]);
  const page = await openPage(browser, origin);
  const told = await page.evaluate(
    async ([url, password]) => {
      const { Parlour, Problem } = await import(`${url}/parlour.js`);
      const parlour = new Parlour({ url, mode: 'tokens', keep: localStorage });
      const me = await parlour.signUp({ username: 'Library', password });
      const room = await parlour.makeRoom({ name: 'shelf', visibility: 'public' });
      const following = parlour.live.follow('shelf', { epoch: room.epoch, seq: room.last_seq });
      const heard = [];
      const all = new Promise((resolve) => following.on('event', (event) => heard.push(event.text) === 4 && resolve(heard)));
      const outbox = parlour.outbox(String(me.id), localStorage);
      parlour.live.open();
      outbox.add('shelf', 'one');
      outbox.add('shelf', 'two');
      // A token that has run out is renewed once, however many ask.
      const kept = JSON.parse(localStorage.getItem('parlour.tokens'));
      localStorage.setItem('parlour.tokens', JSON.stringify({ ...kept, until: 0 }));
      const again = new Parlour({ url, mode: 'tokens', keep: localStorage });
      const names = await Promise.all([again.me(), again.me(), again.rooms()]).then(([a, b]) => [a.username, b.username]);
      const renewed = JSON.parse(localStorage.getItem('parlour.tokens')).access !== kept.access;
      outbox.add('shelf', 'three');
      outbox.add('shelf', 'four');
      await all;
      const refused = await again.makeRoom({ name: 'shelf', visibility: 'public' }).catch((error) => error instanceof Problem && [error.word, error.violations[0].field]);
      const ended = new Promise((resolve) => parlour.on('ended', () => resolve('ended')));
      await again.logOut();
      return { heard, names, renewed, refused, ended: await ended, kept: localStorage.getItem('parlour.tokens') };
    },
    [server.url, PASSWORD],
  );
  assert.deepEqual(told, { heard: ['one', 'two', 'three', 'four'], names: ['Library', 'Library'], renewed: true, refused: ['taken', 'name'], ended: 'ended', kept: null });
  assert.deepEqual(page.complaints.filter((complaint) => !/409/.test(complaint)), []);
});
