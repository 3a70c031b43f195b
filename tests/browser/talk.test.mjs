// Two people talk, in browsers of their own: what one does, the other sees, once and in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anotherTab, call, person, roomLink, row, said, saidExactly, sees, stage, unexpected, write } from './client.mjs';

const start = stage();

/** Two people in a new public room. */
async function two(names, room) {
  const scene = await start();
  const [ada, grace] = await Promise.all(names.map((name) => person(scene, name)));
  await call(ada, 'POST', '/rooms', { name: room, visibility: 'public' });
  await call(grace, 'PUT', `/rooms/${room}/members/me`);
  for (const page of [ada, grace]) {
    await page.goto(`${scene.server.url}/app/rooms/${room}`);
    await page.locator('.composer').waitFor();
    await page.getByRole('list', { name: 'People who are here' }).getByText(names[0]).waitFor();
  }
  return [ada, grace];
}

/** Brings the small bar of a message up and presses one of its buttons. */
async function act(page, text, button) {
  await row(page, text).focus();
  await row(page, text).getByRole('button', { name: button, exact: true }).click();
}

test('what one writes the other reads, in one order', async () => {
  const [ada, grace] = await two(['Ada', 'Grace'], 'tea');
  await write(ada, 'Is there any tea?');
  await sees(grace, 'Is there any tea?');
  await write(grace, 'There is.');
  await sees(ada, 'There is.');
  for (let count = 1; count <= 5; count += 1) await Promise.all([write(ada, `a${count}`), write(grace, `g${count}`)]);
  await Promise.all([ada, grace].map((page) => page.waitForFunction(() => document.querySelectorAll('.message[data-seq]').length === 12)));
  assert.deepEqual(await said(ada), await said(grace));
  const before = await said(ada);
  await ada.reload();
  await saidExactly(ada, before);
  assert.deepEqual([...ada.complaints, ...grace.complaints], []);
});

test('a message is changed, answered, reacted to and taken away', async () => {
  const [ada, grace] = await two(['Ann', 'Gil'], 'work');
  await write(ada, 'The metting is at four');
  await sees(ada, 'The metting is at four');
  await ada.keyboard.press('ArrowUp');
  await write(ada, 'The meeting is at four');
  await sees(grace, 'The meeting is at four');
  await row(grace, 'The meeting').getByText('(edited)').waitFor();
  await act(grace, 'The meeting', 'Reply');
  await write(grace, 'I will be there');
  await row(ada, 'I will be there').getByRole('button', { name: /In answer to Ann/ }).waitFor();
  await act(grace, 'The meeting', 'React');
  await grace.getByRole('button', { name: /thumbs up/ }).click();
  const reaction = row(ada, 'The meeting').getByRole('button', { name: /👍 by/ });
  await reaction.click();
  await reaction.filter({ hasText: '2' }).waitFor();
  await act(ada, 'The meeting', 'Delete');
  await ada.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await saidExactly(grace, ['I will be there']);
  await saidExactly(ada, ['I will be there']);
  await ada.reload();
  await row(ada, 'I will be there').getByText('A message that is no longer there').waitFor();
  await row(grace, 'I will be there').focus();
  assert.equal(await row(grace, 'I will be there').getByRole('button', { name: 'Edit' }).count(), 1);
  await row(ada, 'I will be there').focus();
  assert.equal(await row(ada, 'I will be there').getByRole('button', { name: 'Edit' }).count(), 0);
  assert.deepEqual([...ada.complaints, ...grace.complaints], []);
});

test('who is away misses nothing, and what they wrote is sent once', async () => {
  const [ada, grace] = await two(['Amy', 'Gus'], 'far');
  await write(ada, 'one');
  await sees(grace, 'one');
  await ada.context().setOffline(true);
  await ada.getByText('You are offline.').waitFor();
  await write(ada, 'written offline');
  await write(ada, 'and another');
  await ada.locator('.unsent').nth(1).waitFor();
  await write(grace, 'two');
  await write(grace, 'three');
  await sees(grace, 'three');
  await ada.context().setOffline(false);
  await sees(grace, 'and another');
  await saidExactly(ada, ['one', 'two', 'three', 'written offline', 'and another']);
  assert.deepEqual(await said(grace), await said(ada));
  await ada.getByText('You are offline.').waitFor({ state: 'hidden' });
  assert.deepEqual(unexpected(ada).filter((complaint) => !/WebSocket/.test(complaint)), []);
});

test('what waits outlives the page', async () => {
  const [ada, grace] = await two(['Abe', 'Gwen'], 'later');
  // The page is reached and the rest is not, as behind a proxy that is being restarted.
  await ada.context().route('**/api/v2/**', (route) => route.abort());
  await ada.evaluate(() => dispatchEvent(new Event('offline')));
  await write(ada, 'before the reload');
  await ada.locator('.unsent').waitFor();
  await ada.context().unroute('**/api/v2/**');
  await ada.reload();
  await sees(grace, 'before the reload');
  await saidExactly(ada, ['before the reload']);
  await saidExactly(grace, ['before the reload']);
});

test('what is new is counted until it is seen, in every tab', async () => {
  const [ada, grace] = await two(['Alf', 'Gia'], 'news');
  const home = await anotherTab(ada, '/app');
  await ada.goto('about:blank');
  await write(grace, 'first');
  await write(grace, 'hello @Alf');
  await roomLink(home, 'news').filter({ hasText: '2 unread' }).waitFor();
  assert.match(await home.title(), /^\(2\)/);
  const tab = await anotherTab(home, '/app/rooms/news');
  await tab.bringToFront();
  await tab.getByText('hello @Alf').last().waitFor();
  assert.equal(await row(tab, 'hello @Alf').evaluate((element) => element.classList.contains('to-me')), true);
  await roomLink(home, 'news').filter({ hasNotText: 'unread' }).waitFor();
});

test('who was away for long is led to where they left off', async () => {
  const [ada, grace] = await two(['Alba', 'Gigi'], 'busy');
  await write(ada, 'I have to go');
  await sees(grace, 'I have to go');
  await ada.goto('about:blank');
  for (let count = 0; count < 90; count += 1) await call(grace, 'POST', '/rooms/busy/messages', { text: `meanwhile ${count}` });
  await ada.goto(grace.url());
  await sees(ada, 'meanwhile 89');
  await ada.getByRole('button', { name: 'To the first unread' }).click();
  await row(ada, 'meanwhile 0').first().waitFor();
  await ada.locator('.line.unread').waitFor();
  await ada.getByRole('button', { name: 'To the first unread' }).waitFor({ state: 'hidden' });
});

test('one sees who is there, and who writes', async () => {
  const [ada, grace] = await two(['Ari', 'Gem'], 'here');
  await grace.locator('.composer textarea').pressSequentially('Hm');
  await ada.getByText('Gem is writing …').waitFor();
  await grace.close();
  await ada.getByRole('list', { name: 'People who are here' }).getByText('Gem').waitFor({ state: 'detached', timeout: 60_000 });
});

test('a draft stays, in every tab, until one logs out', async () => {
  const [ada] = await two(['Art', 'Gal'], 'drafts');
  await ada.locator('.composer textarea').fill('I was about to say');
  await roomLink(ada, 'lobby').click();
  await roomLink(ada, 'drafts').getByText('Draft:').waitFor();
  const tab = await anotherTab(ada, '/app/rooms/drafts');
  await tab.locator('.composer').waitFor();
  assert.equal(await tab.locator('.composer textarea').inputValue(), 'I was about to say');
  await tab.goto(new URL('/app/account', ada.url()).href);
  await tab.getByRole('button', { name: 'Log out', exact: true }).first().click();
  await tab.getByRole('heading', { name: 'Good to see you' }).waitFor();
  // Whichever comes first, the server's word or the other tab's.
  await ada.getByText(/You logged out in another tab|This session was ended elsewhere/).waitFor();
  assert.deepEqual(await tab.evaluate(() => Object.keys(localStorage).filter((name) => name.includes('draft'))), []);
});

test('a word is found again, and leads to its place', async () => {
  const [ada, grace] = await two(['Abi', 'Guy'], 'library');
  for (let count = 0; count < 130; count += 1) await call(ada, 'POST', '/rooms/library/messages', { text: count === 9 ? 'Where is Proust?' : `page ${count}` });
  await sees(grace, 'page 129');
  await grace.goto(`${new URL(grace.url()).origin}/app/search?room=library`);
  await grace.getByLabel('Search messages').fill('prou');
  const hit = grace.getByRole('link', { name: /Where is Proust/ });
  // The index is a few seconds behind.
  for (let look = 0; look < 20 && !(await hit.isVisible()); look += 1) {
    await grace.waitForTimeout(500);
    await grace.getByLabel('Search messages').fill(look % 2 ? 'prou' : 'prous');
  }
  await hit.click();
  await row(grace, 'Where is Proust?').waitFor();
  assert.ok(await row(grace, 'Where is Proust?').evaluate((element) => element === document.activeElement));
  await grace.getByRole('button', { name: 'Jump to latest' }).click();
  await sees(grace, 'page 129');
});

test('two write to one another, and nobody else', async () => {
  const [ada, grace] = await two(['Aya', 'Gert'], 'public-one');
  await ada.keyboard.press('Control+k');
  await ada.getByLabel('Go to a room or a person').fill('ger');
  await ada.getByRole('dialog').getByRole('button', { name: /Gert/ }).click();
  await ada.getByLabel('Write to Gert').waitFor();
  await write(ada, 'Only for you');
  await roomLink(grace, 'Aya').filter({ hasText: '1 unread' }).click();
  await sees(grace, 'Only for you');
  assert.deepEqual([...ada.complaints, ...grace.complaints], []);
});
