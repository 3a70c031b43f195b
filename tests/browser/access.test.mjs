// For everybody: without a mouse, with a screen reader, in both looks, on a small screen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { openPage } from './browser.mjs';
import { PASSWORD, call, openRoom, person, row, sees, stage, write } from './client.mjs';

const start = stage();
const rules = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What breaks the rules of WCAG 2.2, level AA, on a page as it stands. */
async function broken(page) {
  await page.evaluate(await rules);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** Pages of somebody who is logged in, with what shows that they are there, and what is done first. */
const PAGES = [
  ['/app', '.nothing'],
  ['/app/rooms/hall', '.message'],
  ['/app/rooms/hall', '.message', (page) => row(page, 'Hello').first().focus()],
  ['/app/rooms/hall', '.message', (page) => page.getByRole('button', { name: 'Put in an emoji' }).click()],
  ['/app/rooms/hall', '.message', (page) => page.keyboard.press('Control+k')],
  ['/app/rooms/hall/settings', '.entry'],
  ['/app/rooms/none', 'h1'],
  ['/app/search', 'h1'],
  ['/app/account', '.entry'],
];

for (const colorScheme of ['light', 'dark']) {
  test(`every page keeps the rules of accessibility, ${colorScheme}`, async () => {
    const scene = await start();
    const options = { colorScheme, reducedMotion: 'reduce' };
    const stranger = await openPage(scene.browser, scene.server.url, options);
    for (const path of ['login', 'signup', 'forgot', 'reset']) {
      await stranger.goto(`${scene.server.url}/app/${path}`);
      await stranger.locator('h1').waitFor();
      assert.deepEqual(await broken(stranger), [], path);
    }
    const page = await person(scene, `Reader-${colorScheme}`, '/app', options);
    if (colorScheme === 'light') await call(page, 'POST', '/rooms', { name: 'hall', visibility: 'public', topic: 'For all' });
    await call(page, 'PUT', '/rooms/hall/members/me');
    await call(page, 'POST', '/rooms/hall/messages', { text: `Hello @Reader-${colorScheme}, see https://example.org` });
    for (const [path, shown, act] of PAGES) {
      await page.goto(scene.server.url + path);
      await page.locator(shown).first().waitFor();
      await act?.(page);
      assert.deepEqual(await broken(page), [], path);
    }
  });
}

test('everything is done with keys alone', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, server.url);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('name') || document.activeElement?.getAttribute('aria-label'));
  /** Presses Tab until something of this name has the focus. */
  const tabTo = async (name) => {
    for (let step = 0; step < 40; step += 1) {
      if ((await focused())?.includes(name)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${name} cannot be reached`);
  };
  await page.locator('h1').waitFor();
  await tabTo('Make an account');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Make an account' }).waitFor();
  await page.keyboard.type('Keys');
  await tabTo('password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('.nothing').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('lob');
  await page.getByRole('dialog').getByRole('button', { name: /lobby/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.composer').waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('.composer textarea').focus();
  await page.keyboard.type('Without a muose');
  await page.keyboard.press('Enter');
  await sees(page, 'Without a muose');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Without a mouse');
  await page.keyboard.press('Enter');
  await sees(page, 'Without a mouse');
  for (let step = 0; step < 10 && !(await page.evaluate(() => document.activeElement?.matches('.message'))); step += 1) await page.keyboard.press('Shift+Tab');
  assert.ok(await page.evaluate(() => document.activeElement?.matches('.message')), 'a message can be reached');
  await page.keyboard.press('+');
  await page.locator('.emoji-picker').waitFor();
  await page.keyboard.type('rocket');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '🚀 by you' }).waitFor();
  await row(page, 'Without a mouse').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(page.complaints, []);
});

test('a small screen shows one thing at a time, and nothing sticks out', async () => {
  const scene = await start();
  const page = await person(scene, 'Small', '/app', { viewport: { width: 360, height: 640 } });
  await page.locator('.room-link').filter({ hasText: 'lobby' }).click();
  await page.locator('.composer').waitFor();
  await write(page, `A long word: ${'o'.repeat(300)}`);
  await sees(page, 'A long word');
  assert.equal(await page.locator('.sidebar').isVisible(), false);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await page.getByRole('link', { name: 'Back to the rooms' }).click();
  await page.locator('.sidebar').waitFor();
});

test('light and dark is remembered, and told to every tab', async () => {
  const scene = await start();
  const page = await person(scene, 'Look', '/app');
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await page.getByRole('button', { name: 'Look: as your system' }).click();
  await page.getByRole('button', { name: 'Look: light' }).click();
  await page.getByRole('button', { name: 'Look: dark' }).waitFor();
  await tab.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

test('what others write is read out, politely', async () => {
  const scene = await start();
  const [one, other] = await Promise.all([person(scene, 'Hears'), person(scene, 'Speaks')]);
  await Promise.all([openRoom(one, 'lobby'), openRoom(other, 'lobby')]);
  await write(other, 'Can you hear me?');
  await one.locator('#spoken').filter({ hasText: 'Speaks: Can you hear me?' }).waitFor({ state: 'attached' });
  assert.equal(await one.locator('#spoken').getAttribute('aria-live'), 'polite');
});
