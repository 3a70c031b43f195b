// What is mailed goes by SMTP, reads well, and its links work: once, and only for people.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openPage } from './browser.mjs';
import { PASSWORD, call, fillIn, person, stage, unexpected } from './client.mjs';
import { startPost } from './post.mjs';

/** Those whose mail server is not ready at first, with how often they were turned away. */
const notReady = new Map([['late@example.com', 0]]);
const post = await startPost({ after }, (address) => {
  if (notReady.get(address) !== 0) return null;
  notReady.set(address, 1);
  return [451, 'Come again in a while'];
});
const start = stage([`mail.smtp_url=${post.url}`, 'mail.from=Parlour <rooms@chat.example>']);
const heading = (page, text) => page.getByRole('heading', { level: 1, name: text }).waitFor();
const confirmed = (page) => page.getByText('confirmed', { exact: true });

/** The link of a letter. It stands in a line of its own, so that every mail program makes it one. */
function linkIn(letter, server, path) {
  const links = letter.body.match(/\S+:\/\/\S+/g);
  assert.equal(links.length, 1, letter.body);
  assert.ok(letter.body.split('\n').includes(links[0]), letter.body);
  assert.ok(links[0].startsWith(server.url + path), links[0]);
  return links[0];
}

/** A letter that a person can read, from whom they expect it. */
function reads(letter, subject, texts) {
  const { headers, body } = letter;
  assert.equal(letter.from, 'rooms@chat.example');
  assert.equal(headers.from, 'Parlour <rooms@chat.example>');
  assert.equal(headers.to, letter.to[0]);
  assert.equal(headers.subject, subject);
  assert.match(headers['content-type'], /^text\/plain; charset=utf-8$/i);
  assert.match(headers['message-id'], /^<\S+@chat\.example>$/);
  assert.ok(Math.abs(Date.now() - Date.parse(headers.date)) < 600_000, headers.date);
  assert.match(body, /^Hello,\n\n/);
  assert.doesNotMatch(body, /[=&<>{}]|undefined|null/);
  for (const text of texts) assert.match(body, text);
}

/** Opens a link as programs do that look for bad ones: again and again, without a person. */
async function scan(link) {
  for (const method of ['HEAD', 'GET', 'GET']) {
    const answer = await fetch(link, { method, headers: { 'User-Agent': 'Scanner' } });
    assert.equal(answer.status, 200, `${method} ${link}`);
  }
}

test('an address is proved by a letter, and not by who opens its link first', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, `${server.url}/app/signup`);
  await fillIn(page, { Username: 'Ada', Password: PASSWORD, 'E-mail (optional)': 'ada@example.com' }, 'Start talking');
  await page.locator('.shell').waitFor();
  await page.goto(`${server.url}/app/account`);
  await page.getByText('not confirmed').waitFor();

  const letter = await post.letterTo('ada@example.com');
  reads(letter, 'Confirm your e-mail address', [/press the button/, /24 hours/, /If it was not you, do nothing/]);
  const link = linkIn(letter, server, '/verify/');
  await scan(link);
  const scanner = await openPage(browser, link);
  await heading(scanner, 'Confirm your address');
  assert.equal((await call(page, 'GET', '/me')).email_verified, false);

  await page.goto(link);
  await heading(page, 'Confirm your address');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await heading(page, 'Confirmed');
  await page.getByRole('link', { name: 'Open Parlour' }).click();
  await page.goto(`${server.url}/app/account`);
  await confirmed(page).waitFor();
  // Whoever presses twice is not told that something is wrong.
  await scanner.getByRole('button', { name: 'Confirm' }).click();
  await heading(scanner, 'Confirmed');
  assert.deepEqual([...page.complaints, ...unexpected(scanner)], []);
});

test('a forgotten password is set anew by a letter, whose secret only the page reads', async () => {
  const { server, browser } = await start();
  const page = await person({ server, browser }, 'Grace', '/app/account');
  await fillIn(page, { 'New address': 'grace@example.com', 'Your password': PASSWORD }, 'Add the address');
  await page.goto(linkIn(await post.letterTo('grace@example.com'), server, '/verify/'));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await heading(page, 'Confirmed');
  await page.goto(`${server.url}/app/account`);
  await confirmed(page).waitFor();

  const lost = await openPage(browser, server.url);
  await lost.getByRole('link', { name: 'Forgot your password?' }).click();
  await fillIn(lost, { 'E-mail': 'nobody@example.com' }, 'Send the link');
  await heading(lost, 'Look into your mail');
  await lost.goto(`${server.url}/app/forgot`);
  await fillIn(lost, { 'E-mail': 'grace@example.com' }, 'Send the link');
  await heading(lost, 'Look into your mail');
  const letter = await post.letterTo('grace@example.com', '/app/reset#');
  reads(letter, 'Choose another password', [/one hour, and once/, /ends every login/, /If it was not you, do nothing/]);
  assert.ok(!post.letters.some(({ to }) => to.includes('nobody@example.com')));

  const link = linkIn(letter, server, '/app/reset#');
  await scan(link);
  const asked = [];
  lost.on('request', (request) => asked.push(`${request.url()} ${request.headers().referer ?? ''}`));
  await lost.goto(link);
  await heading(lost, 'Set a new password');
  await fillIn(lost, { 'New password': 'another sentence of mine' }, 'Set the password');
  await heading(lost, 'Your password is set');
  const secret = new URL(link).hash.slice(1);
  assert.deepEqual(asked.filter((address) => address.replace(link, '').includes(secret)), []);
  assert.ok(!lost.url().includes(secret));

  await page.getByText('This session was ended elsewhere. Please log in again.').waitFor();
  await fillIn(page, { 'Username or e-mail': 'grace@example.com', Password: PASSWORD }, 'Log in');
  await page.getByRole('alert').filter({ hasText: 'No account has this name and password' }).waitFor();
  await fillIn(page, { 'Username or e-mail': 'grace@example.com', Password: 'another sentence of mine' }, 'Log in');
  await page.locator('.shell').waitFor();
  assert.deepEqual([...unexpected(page), ...unexpected(lost)], []);
});

test('another address takes the place of the old one when it is proved, and the old one is told', async () => {
  const { server, browser } = await start();
  const page = await person({ server, browser }, 'Mary', '/app/account');
  const move = async (email, button) => {
    await page.goto(`${server.url}/app/account`);
    await fillIn(page, { 'New address': email, 'Your password': PASSWORD }, button);
    const link = linkIn(await post.letterTo(email), server, '/verify/');
    await page.getByText('Waiting until you confirm').waitFor();
    await page.goto(link);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await heading(page, 'Confirmed');
  };
  await move('mary@example.com', 'Add the address');
  await move('mary@example.org', 'Change the address');
  const notice = await post.letterTo('mary@example.com', 'has been changed');
  reads(notice, 'Your e-mail address was changed', [/tell the operator/]);
  assert.doesNotMatch(notice.body, /:\/\//);
  assert.equal((await call(page, 'GET', '/me').catch(() => ({}))).email, 'mary@example.org');
  assert.deepEqual(page.complaints, []);
});

test('a letter that a mail server turns away for now is brought again, once', async () => {
  const { server, browser } = await start();
  const page = await openPage(browser, `${server.url}/app/signup`);
  await fillIn(page, { Username: 'Late', Password: PASSWORD, 'E-mail (optional)': 'late@example.com' }, 'Start talking');
  await page.locator('.shell').waitFor();
  linkIn(await post.letterTo('late@example.com'), server, '/verify/');
  assert.equal(notReady.get('late@example.com'), 1);
  assert.equal(post.letters.filter(({ to }) => to.includes('late@example.com')).length, 1);
});
