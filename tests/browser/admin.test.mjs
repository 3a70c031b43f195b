// Those who look after the server, and what whoever they look after sees of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { openPage } from './browser.mjs';
import { PASSWORD, anotherTab, call, fillIn, openRoom, person, stage, unexpected, write } from './client.mjs';

const start = stage();
const rules = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const heading = (page, text) => page.getByRole('heading', { level: 1, name: text }).waitFor();

/** The administrator whom the link makes that the server prints at its first start. */
let made = null;
function administrator() {
  made ??= make();
  return made;
}

async function make() {
  const { server, browser } = await start();
  const page = await openPage(browser, await server.setupLink());
  await fillIn(page, { Username: 'Root', 'Password Length counts: a sentence is good.': PASSWORD }, 'Create the account');
  await page.getByRole('link', { name: 'Log in' }).click();
  await fillIn(page, { 'Username or e-mail': 'Root', Password: PASSWORD }, 'Log in');
  await page.getByRole('link', { name: 'Administration' }).click();
  await heading(page, 'Administration');
  return page;
}

const row = (page, text) => page.locator('.rows .entry').filter({ hasText: text });

/** Follows a tab. Its page is put up anew a moment after the click, even where it stands already: who types before loses it. */
async function goTo(page, tab) {
  const before = await page.locator('.sheet-body').elementHandle();
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: tab }).click();
  await page.waitForFunction((body) => !body.isConnected, before);
}

/** Finds an account by the beginning of its name, and opens what may be done about it. */
async function about(admin, name) {
  await goTo(admin, 'Accounts');
  await admin.getByLabel('Search by the beginning of a username or e-mail').fill(name.slice(0, 3));
  // The whole list may be there first.
  await row(admin, name).waitFor();
  await admin.locator('.rows .entry').nth(1).waitFor({ state: 'detached' });
  await admin.getByRole('button', { name: `What to do about ${name}` }).click();
  return admin.getByRole('dialog');
}

/** Logs in again, as somebody who was thrown out. */
const logIn = (page, name) => fillIn(page, { 'Username or e-mail': name, Password: PASSWORD }, 'Log in');

test('an account is found, disabled in all its tabs, and enabled again', async () => {
  const scene = await start();
  const admin = await administrator();
  const [ida, other] = [await person(scene, 'Ida'), await person(scene, 'Otherwise')];
  const tab = await anotherTab(ida, '/app/account');
  await tab.locator('.shell').waitFor();
  await goTo(admin, 'Accounts');
  await row(admin, 'Otherwise').waitFor();
  await admin.getByLabel('Search by the beginning of a username or e-mail').fill('nobody-is-called-so');
  await admin.getByText('No account begins so.').waitFor();
  const dialog = await about(admin, 'Ida');
  assert.equal(await row(admin, 'Otherwise').count(), 0);
  await dialog.getByRole('button', { name: 'Disable the account' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Disable', exact: true }).click();
  await row(admin, 'Ida').getByText('disabled').waitFor();
  for (const page of [ida, tab]) await page.getByText('This session was ended elsewhere. Please log in again.').waitFor();
  await logIn(ida, 'Ida');
  await ida.getByRole('alert').filter({ hasText: 'No account has this name and password' }).waitFor();
  await other.locator('.composer, .barred').waitFor();

  await (await about(admin, 'Ida')).getByRole('button', { name: 'Enable the account' }).click();
  await row(admin, 'Ida').getByText('disabled').waitFor({ state: 'detached' });
  await logIn(ida, 'Ida');
  await ida.locator('.shell').waitFor();
  assert.deepEqual([...admin.complaints, ...unexpected(ida)], []);
});

test('somebody becomes an administrator, and is none again', async () => {
  const scene = await start();
  const admin = await administrator();
  const pat = await person(scene, 'Patricia');
  const way = pat.getByRole('link', { name: 'Administration' });
  assert.equal(await way.count(), 0);
  const level = async (words) => {
    const dialog = await about(admin, 'Patricia');
    await dialog.getByLabel('Level').selectOption(words);
    await dialog.getByRole('button', { name: 'Set the level' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await level('Administrator');
  await row(admin, 'Patricia').getByText('Administrator').waitFor();
  await way.click();
  await heading(pat, 'Administration');
  await goTo(pat, 'Accounts');
  await row(pat, 'Root').waitFor();
  await level('Person');
  await way.waitFor({ state: 'detached' });
  await pat.getByLabel('Search by the beginning of a username or e-mail').fill('Roo');
  await row(pat, 'Root').waitFor({ state: 'detached' });
  await (await about(admin, 'Patricia')).getByRole('button', { name: 'End all sessions' }).click();
  await pat.getByText('This session was ended elsewhere. Please log in again.').waitFor();
  assert.deepEqual([...admin.complaints, ...unexpected(pat)], []);
});

test('a room that nobody of the administration is in is deleted', async () => {
  const scene = await start();
  const admin = await administrator();
  const owner = await person(scene, 'Rosalind');
  await call(owner, 'POST', '/rooms', { name: 'cellar', visibility: 'private', topic: 'Where nobody looks' });
  await openRoom(owner, 'cellar');
  await write(owner, 'Is anybody here?');
  await goTo(admin, 'Rooms');
  await admin.getByLabel('Search by the beginning of a name').fill('cel');
  await row(admin, 'cellar').getByText('1 member · 1 here').waitFor();
  await row(admin, 'cellar').getByRole('link', { name: 'Look after cellar' }).click();
  await heading(admin, 'About this room');
  await admin.getByRole('button', { name: 'Delete this room' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Delete the room' }).click();
  await owner.getByText('This room was deleted.').waitFor();
  await heading(admin, 'Administration');
  await row(admin, 'lobby').waitFor();
  assert.equal(await row(admin, 'cellar').count(), 0);
  assert.deepEqual([...admin.complaints, ...unexpected(owner)], []);
});

test('the audit log tells who did what to whom, and the keys are changed', async () => {
  const scene = await start();
  const admin = await administrator();
  const vera = await person(scene, 'Vera');
  await call(admin, 'PATCH', `/admin/accounts/${vera.account.id}`, { disabled: true });
  await goTo(admin, 'Keys');
  await admin.getByRole('button', { name: 'Make a new key' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Make a new key' }).click();
  await admin.getByText('There is a new key.').waitFor();
  assert.equal(await admin.locator('.rows .entry').count(), 2);
  assert.equal(await admin.getByText('signs now').count(), 1);
  await goTo(admin, 'Audit');
  await row(admin, /keys rotate\s*Root/).waitFor();
  await row(admin, /keys rotate\s*The console/).waitFor();
  await row(admin, /disable\s*Root → Vera/).waitFor();
  await admin.getByLabel('An account’s number').fill(String(vera.account.id));
  await admin.waitForFunction(() => !document.querySelector('.rows').textContent.includes('keys rotate'));
  await row(admin, /sign up\s*Vera/).waitFor();
  assert.match(await row(admin, /disable\s*Root/).textContent(), /native · 127\.0\.0\.1 · session \d+/);
  assert.deepEqual(admin.complaints, []);
});

test('whoever is no administrator is told so, and sees nothing', async () => {
  const page = await person(await start(), 'Curious', '/app/admin/accounts');
  await heading(page, 'Only for administrators');
  assert.equal(await page.getByRole('navigation', { name: 'Administration' }).count(), 0);
  assert.equal(await page.getByText('Root').count(), 0);
  for (const path of ['accounts', 'rooms', 'audit', 'keys', 'statistics']) {
    const answer = await page.context().request.get(`${new URL(page.url()).origin}/api/v2/admin/${path}`);
    assert.equal(answer.status(), 403, path);
  }
  await page.goto(`${new URL(page.url()).origin}/app/no/such/page`);
  await heading(page, 'There is no such page');
  await page.getByRole('link', { name: 'To your rooms' }).click();
  await heading(page, 'Where shall we talk?');
  assert.deepEqual(page.complaints, []);
});

test('the pages keep the rules of accessibility, and need no mouse', async () => {
  const admin = await administrator();
  const scene = await start();
  await person(scene, 'Xenia');
  for (const colorScheme of ['light', 'dark']) {
    await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [path, shown] of [['statistics', '.figures dd'], ['accounts', '.entry'], ['rooms', '.entry'], ['audit', '.entry'], ['keys', '.entry'], ['accounts', 'dialog']]) {
      await admin.goto(`${scene.server.url}/app/admin/${path}`);
      if (shown === 'dialog') await about(admin, 'Xenia');
      await admin.locator(shown).first().waitFor();
      await admin.evaluate(await rules);
      const found = await admin.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      assert.deepEqual(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`), [], `${path} ${colorScheme}`);
    }
  }
  await admin.goto(`${scene.server.url}/app/admin`);
  await heading(admin, 'Administration');
  const focused = () => admin.evaluate(() => document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent);
  /** Presses Tab until something of this name has the focus. */
  const tabTo = async (name) => {
    for (let step = 0; step < 60; step += 1) {
      if ((await focused())?.trim() === name) return;
      await admin.keyboard.press('Tab');
    }
    assert.fail(`${name} cannot be reached`);
  };
  await tabTo('Accounts');
  await admin.keyboard.press('Enter');
  await tabTo('Search by the beginning of a username or e-mail');
  await admin.keyboard.type('Xen');
  await row(admin, 'Root').waitFor({ state: 'detached' });
  await tabTo('What to do about Xenia');
  await admin.keyboard.press('Enter');
  await admin.getByRole('dialog').waitFor();
  await tabTo('Disable the account');
  await admin.keyboard.press('Enter');
  await admin.getByRole('dialog').filter({ hasText: 'Disable Xenia?' }).waitFor();
  await tabTo('Disable');
  await admin.keyboard.press('Enter');
  await row(admin, 'Xenia').getByText('disabled').waitFor();
  assert.deepEqual(admin.complaints, []);
});
