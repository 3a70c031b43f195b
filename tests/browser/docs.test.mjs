// The page about what programs may ask, as its reader meets it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

const heading = (page) => page.getByRole('heading', { level: 1 });
const contents = (page) => page.getByRole('navigation', { name: 'Contents' });

/** The page, with every address that it has asked. */
async function docs(t, hash = '', options = {}) {
  const [server, browser] = await Promise.all([startParlour(t), startBrowser(t)]);
  const asked = [];
  const page = await openPage(browser, 'about:blank', options);
  page.on('request', (request) => asked.push(new URL(request.url())));
  page.answer = await page.goto(`${server.url}/docs${hash}`);
  await heading(page).waitFor();
  return { page, asked, server };
}

test('the page brings all it needs and keeps its policy', async (t) => {
  const { page, asked, server } = await docs(t);
  assert.equal(page.answer.status(), 200);
  assert.equal(await heading(page).textContent(), 'What programs may ask');
  assert.ok((await contents(page).getByRole('link').count()) > 30);
  const foreign = asked.filter((url) => url.origin !== server.url);
  assert.deepEqual(foreign, []);
  assert.deepEqual(page.complaints, []);
});

test('every entry can be drawn', async (t) => {
  const { page } = await docs(t);
  const hashes = await contents(page).getByRole('link').evaluateAll((links) => links.map((link) => link.hash));
  for (const hash of hashes) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.waitForFunction((to) => document.querySelector('nav [aria-current]')?.hash === to, hash);
    assert.ok((await page.getByRole('main').textContent()).length > 40, hash);
    for (let fold = 0; fold < 3; fold += 1) {
      await page.evaluate(() => document.querySelectorAll('main details:not([open])').forEach((one) => { one.open = true; }));
    }
  }
  assert.deepEqual(page.complaints, []);
});

test('an operation is found and opened without a mouse', async (t) => {
  const { page } = await docs(t);
  await page.keyboard.press('/');
  await page.keyboard.type('cookies who am i');
  const links = contents(page).getByRole('link');
  await page.waitForFunction(() => document.querySelectorAll('nav li:not([hidden])').length === 1);
  assert.match(await links.first().textContent(), /GET.*Who am I.*\/api\/users\/me\//);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.tagName === 'H1');
  assert.equal(await heading(page).textContent(), 'Who am I');
  assert.equal(new URL(page.url()).hash, '#cookies_me');
  assert.match(await page.getByLabel('the command', { exact: true }).textContent(), /^curl 'http.*\/api\/users\/me\/' \\\n {2}-H "Authorization: Bearer \$TOKEN"$/);
  assert.deepEqual(page.complaints, []);
});

test('the type of a problem leads to its explanation', async (t) => {
  const { page, server } = await docs(t);
  const refused = await page.request.post(`${server.url}/api/v2/accounts`, { data: { username: '', password: 'short' } });
  const { type, title } = await refused.json();
  await page.goto(`${server.url}${type}`);
  await page.waitForFunction((text) => document.querySelector('h1')?.textContent === text, title);
  assert.match(await page.getByRole('main').textContent(), /violations/);
  assert.deepEqual(page.complaints, []);
});

test('a question is asked at once, and a change only after a second word', async (t) => {
  const { page } = await docs(t, '#service_alive');
  await page.getByRole('button', { name: 'Send GET' }).click();
  assert.equal(await page.getByLabel('the answer', { exact: true }).textContent(), '{\n  "status": "ok"\n}');

  await page.evaluate(() => { location.hash = '#native_accounts_sign_up'; });
  await page.getByRole('button', { name: 'Send POST' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.locator('.answer').textContent(), '');
  await page.getByRole('button', { name: 'Send POST' }).click();
  await dialog.getByRole('button', { name: 'Send POST' }).click();
  const answer = JSON.parse(await page.getByLabel('the answer', { exact: true }).textContent());
  assert.equal(answer.account.username, 'ada');
  assert.deepEqual(page.complaints, []);
});

test('a narrow screen shows one thing at a time', async (t) => {
  const { page } = await docs(t, '#cookies_sign_up', { viewport: { width: 390, height: 800 } });
  assert.ok(!(await contents(page).isVisible()));
  await page.getByRole('button', { name: 'Contents' }).click();
  await contents(page).getByRole('link', { name: /Who am I/ }).click();
  await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Who am I');
  assert.ok(!(await contents(page).isVisible()));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overflow, 0);
});
