// While a page loads, nothing moves away from under one's hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage } from './browser.mjs';
import { call, person, stage } from './client.mjs';

const start = stage();

/** Below this a shift is less than an eye sees; 0.1 is what is commonly called good. */
const UNSEEN = 0.01;

/** Has the page keep how much has moved since it was loaded, and what. */
const watch = (page) =>
  page.addInitScript(() => {
    window.moved = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        if (!hadRecentInput) window.moved.push([value, sources.map(({ node }) => node?.className || node?.nodeName).join(' ')]);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });

/** Loads a page until all of it is there, and says what has moved. */
async function load(page, url, shown) {
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.locator(`:is(${shown}):visible`).first().waitFor();
  // What has moved is told with the frame in which it did.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const moved = await page.evaluate(() => window.moved);
  const sum = moved.reduce((all, [value]) => all + value, 0);
  assert.ok(sum < UNSEEN, `${url}: ${JSON.stringify(moved)}`);
}

const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

for (const viewport of SIZES) {
  test(`nothing moves while a page loads, ${viewport.width} pixels wide`, async () => {
    const scene = await start();
    const stranger = await openPage(scene.browser, 'about:blank', { viewport });
    await watch(stranger);
    for (const path of ['/', '/app/signup', '/app/forgot', '/docs']) await load(stranger, scene.server.url + path, 'h1');

    const room = `room-${viewport.width}`;
    const page = await person(scene, `Reader-${viewport.width}`, '/app', { viewport });
    await watch(page);
    await call(page, 'POST', '/rooms', { name: room, visibility: 'public', topic: 'Many words' });
    await load(page, `${scene.server.url}/app/rooms/${room}`, '.beginning');
    let first = null;
    for (let count = 0; count < 60; count += 1) {
      const { seq } = await call(page, 'POST', `/rooms/${room}/messages`, { text: `${count}: ${'some words '.repeat(count % 9)}`, ...(count % 7 === 3 && { reply_to: first }) });
      first ??= seq;
    }
    await call(page, 'PUT', `/rooms/${room}/messages/${first + 58}/reactions/${encodeURIComponent('👍')}`);
    const inside = [['', '.room-link'], [`rooms/${room}`, '.message'], [`rooms/${room}?at=${first + 9}`, '.message'], ['account', '.entry'], ['search', 'h1'], [`rooms/${room}/settings`, '.entry']];
    for (const [path, shown] of inside) await load(page, `${scene.server.url}/app/${path}`, shown);
    assert.deepEqual([...stranger.complaints, ...page.complaints], []);
  });
}
