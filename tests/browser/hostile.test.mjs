// Texts that would like to be more than texts, in every place where one may write.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call, openRoom, person, row, sees, stage, write } from './client.mjs';

const start = stage();

const TEXTS = [
  '<img src=x onerror="window.harm = 1">',
  '<script>window.harm = 1</script>',
  '"><svg onload=window.harm=1>',
  'javascript:window.harm=1',
  '[link](javascript:window.harm=1)',
  '{{constructor.constructor("window.harm=1")()}}',
  '\u202Egnirts desrever\u202C',
  'مرحبا hello <b>שלום</b>',
  'w'.repeat(3000),
  '👩‍👩‍👧‍👦'.repeat(40),
  'line\n\n\nline',
  'https://example.org/"onmouseover="window.harm=1',
];

/** Nothing ran, nothing was fetched, and nothing sticks out of the page. */
async function unharmed(page) {
  const { harm, wide, foreign } = await page.evaluate(() => ({
    harm: 'harm' in window,
    wide: document.documentElement.scrollWidth - innerWidth,
    foreign: document.querySelectorAll('main script, main img[src="x"], main [onerror], main [onload], main [onmouseover], a[href^="javascript" i]').length,
  }));
  assert.deepEqual({ harm, wide: Math.max(0, wide), foreign }, { harm: false, wide: 0, foreign: 0 });
  assert.deepEqual(page.complaints, []);
}

test('messages are shown as they were written', async () => {
  const scene = await start();
  const eve = await person(scene, 'Eve', '/app/rooms/lobby', { viewport: { width: 360, height: 700 } });
  await openRoom(eve, 'lobby');
  for (const text of TEXTS) await call(eve, 'POST', '/rooms/lobby/messages', { text });
  await sees(eve, 'onmouseover');
  const shown = await eve.locator('.message[data-seq] .text').evaluateAll((texts) => texts.map((text) => text.textContent));
  assert.deepEqual(shown, TEXTS);
  const links = await eve.locator('.message .text a').evaluateAll((all) => all.map(({ href, rel, target }) => [new URL(href).origin, rel, target]));
  assert.deepEqual(links, [['https://example.org', 'noopener noreferrer nofollow', '_blank']]);
  await row(eve, '<script>').focus();
  await row(eve, '<script>').getByRole('button', { name: 'Reply' }).click();
  await write(eve, TEXTS[0]);
  await row(eve, TEXTS[0]).locator('.quote').waitFor();
  await unharmed(eve);
});

test('names, topics and reasons are texts, too', async () => {
  const scene = await start();
  const name = '<b>Mallory</b>';
  const page = await person(scene, name);
  await call(page, 'PATCH', '/me', { display_name: '<img src=x onerror=alert(1)>', bio: TEXTS[1] });
  await call(page, 'POST', '/rooms', { name: 'plain', visibility: 'public', topic: TEXTS[0] });
  await openRoom(page, 'plain');
  await page.getByText(TEXTS[0]).first().waitFor();
  await write(page, `@${name} ${TEXTS[2]}`);
  await sees(page, TEXTS[2]);
  for (const path of ['/app/rooms/plain/settings', '/app/account', '/app/search?q=%3Cimg%20src%3Dx%3E', '/app/rooms/%3Cimg%20src%3Dx%3E', '/app/rooms/%E0%A4%A']) {
    await page.goto(`${scene.server.url}${path}`);
    await page.getByRole('main').getByRole('heading').first().waitFor();
    page.complaints = page.complaints.filter((complaint) => !/Failed to load resource/.test(complaint));
    await unharmed(page);
  }
});
