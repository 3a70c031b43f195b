// The web client as people use it, each in a browser context of their own.
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { openPage, startBrowser } from './browser.mjs';
import { startParlour } from './parlour.mjs';

/** How long something may take on a busy machine, in milliseconds. */
const PATIENCE = 15_000;
export const PASSWORD = 'correct horse battery staple';

/** One server and one browser for all tests of a file. */
export function stage(settings = []) {
  const cleanups = [];
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  const owner = { after: (cleanup) => cleanups.push(cleanup) };
  let started = null;
  return () => {
    started ??= Promise.all([startParlour(owner, settings), startBrowser(owner)]).then(([server, browser]) => ({ server, browser }));
    return started;
  };
}

/** Calls the server as whoever the context is. */
export async function call(page, method, path, data) {
  const answer = await page.context().request.fetch(new URL(`/api/v2${path}`, page.url()).href, { method, data, headers: { Origin: new URL(page.url()).origin } });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? null : answer.json();
}

/** A page on which somebody has just signed up: quickly, unless the test is about that. */
export async function person({ server, browser }, username, path = '/app/rooms/lobby', options = {}) {
  const page = await openPage(browser, `${server.url}/icon.svg`, options);
  page.setDefaultTimeout(PATIENCE);
  page.account = (await call(page, 'POST', '/accounts', { username, password: PASSWORD, grant: 'cookie' })).account;
  await page.goto(server.url + path);
  await page.locator('.shell').waitFor();
  return page;
}

/** Another tab of the same person. */
export async function anotherTab(page, path) {
  const tab = await page.context().newPage();
  await tab.goto(new URL(path, page.url()).href);
  return tab;
}

/** Writes as people do. */
export async function write(page, text) {
  const input = page.locator('.composer textarea');
  await input.fill(text);
  await input.press('Enter');
}

/** The row of a message that is in the log. */
export const row = (page, text) => page.locator('.message[data-seq]').filter({ has: page.locator('.text', { hasText: text }) });

/** Waits until a message is there. */
export const sees = (page, text) => row(page, text).first().waitFor();

/** What has been said, as it stands there. */
export const said = (page) => page.locator('.message[data-seq] .text').evaluateAll((texts) => texts.map((text) => text.textContent));

/** Waits until what is said is exactly this. */
export async function saidExactly(page, expected) {
  await page.waitForFunction((count) => document.querySelectorAll('.message .text').length === count && !document.querySelector('.unsent'), expected.length);
  assert.deepEqual(await said(page), expected);
}

/** The way to a room at the side. */
export const roomLink = (page, name) => page.locator('.room-link').filter({ hasText: name });

/** Goes to a room and waits until one may write there. */
export async function openRoom(page, name) {
  await page.goto(`${new URL(page.url()).origin}/app/rooms/${name}`);
  await page.locator('.composer').waitFor();
}

/** Sends a form and waits for nothing. */
export async function fillIn(page, fields, button) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole('button', { name: button, exact: true }).click();
}

/** Complaints that a test did not provoke. A refused request is one of the browser's own errors. */
export const unexpected = (page) => page.complaints.filter((complaint) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(complaint));
