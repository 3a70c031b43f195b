// Who looks after a room, as both sides meet it in the client.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call, fillIn, openRoom, person, roomLink, sees, stage, write } from './client.mjs';

const start = stage();

/** The owner of a room, and a member of it. */
async function ownerAndMember(names, room, visibility = 'public') {
  const scene = await start();
  const [owner, member] = await Promise.all(names.map((name) => person(scene, name)));
  await call(owner, 'POST', '/rooms', { name: room, visibility });
  if (visibility === 'public') await call(member, 'PUT', `/rooms/${room}/members/me`);
  return [owner, member];
}

/** Opens what may be done about somebody. */
async function about(owner, room, name) {
  await owner.goto(`${new URL(owner.url()).origin}/app/rooms/${room}/settings`);
  await owner.getByRole('button', { name: `What to do about ${name}` }).click();
  return owner.getByRole('dialog');
}

test('a room is made, described and slowed down', async () => {
  const scene = await start();
  const owner = await person(scene, 'Maker');
  await owner.getByRole('button', { name: 'Find or make a room' }).first().click();
  await owner.getByRole('dialog').getByRole('button', { name: /Make a room/ }).click();
  await fillIn(owner, { Name: 'garden', 'Topic (optional)': 'Roses' }, 'Make the room');
  await owner.getByLabel('Write to garden').waitFor();
  await owner.getByRole('link', { name: 'About this room' }).click();
  await owner.getByLabel('Slow mode: everybody may write once in').selectOption('30');
  await fillIn(owner, { Topic: 'Roses and thorns' }, 'Save');
  await owner.getByText('Saved.').waitFor();
  const member = await person(scene, 'Gardener', '/app/rooms/garden');
  await member.getByText('Roses and thorns').first().waitFor();
  await member.getByRole('button', { name: 'Join' }).click();
  await member.getByText('Slow mode: one message every 30 seconds.').waitFor();
  assert.deepEqual([...owner.complaints, ...member.complaints], []);
});

test('who is muted reads and cannot write', async () => {
  const [owner, member] = await ownerAndMember(['Olga', 'Max'], 'still');
  await openRoom(member, 'still');
  const dialog = await about(owner, 'still', 'Max');
  await dialog.getByRole('button', { name: 'Mute' }).click();
  await member.getByText(/You are muted here until/).waitFor();
  await openRoom(owner, 'still');
  await write(owner, 'Quiet, please');
  await sees(member, 'Quiet, please');
  await (await about(owner, 'still', 'Max')).getByRole('button', { name: 'May write again' }).click();
  await member.locator('.composer').waitFor();
});

test('who is kept out is put out at once, and may be let back in', async () => {
  const [owner, member] = await ownerAndMember(['Otto', 'Mia'], 'closed');
  await openRoom(member, 'closed');
  const dialog = await about(owner, 'closed', 'Mia');
  await dialog.getByLabel('Put out and keep out: why').fill('<i>Noise</i>');
  await dialog.getByRole('button', { name: 'Keep out' }).click();
  await member.getByText('You were kept out of this room.').waitFor();
  await roomLink(member, 'closed').waitFor({ state: 'detached' });
  await member.goto(`${new URL(member.url()).origin}/app/rooms/closed`);
  await member.getByRole('heading', { name: 'You may not enter' }).waitFor();
  await owner.goto(`${new URL(owner.url()).origin}/app/rooms/closed/settings`);
  await owner.getByText('<i>Noise</i>').waitFor();
  await owner.getByRole('button', { name: 'Let back in' }).click();
  await owner.getByText('Nobody is.').waitFor();
  await member.reload();
  await member.getByRole('button', { name: 'Join' }).waitFor();
});

test('a private room is nobody else’s, until they are invited', async () => {
  const [owner, member] = await ownerAndMember(['Ona', 'Moe'], 'aurora', 'private');
  await member.goto(`${new URL(member.url()).origin}/app/rooms/aurora`);
  await member.getByRole('heading', { name: 'There is no such room' }).waitFor();
  await owner.goto(`${new URL(owner.url()).origin}/app/rooms/aurora/settings`);
  await owner.getByLabel('Search people to invite').fill('Moe');
  await owner.getByRole('button', { name: /Moe/ }).click();
  await owner.getByText('Moe is invited.').waitFor();
  // By the way at the side, or by the address.
  await member.goto(`${new URL(member.url()).origin}/app/rooms/aurora`);
  await member.getByRole('heading', { name: 'You are invited to aurora' }).waitFor();
  await roomLink(member, 'aurora').click();
  await member.getByRole('button', { name: 'Join' }).click();
  await member.getByLabel('Write to aurora').waitFor();
  await (await about(owner, 'aurora', 'Moe')).getByRole('button', { name: 'Put out of the room' }).click();
  await member.getByText('You were put out of this room.').waitFor();
});

test('a room that becomes private throws out who only looked in', async () => {
  const [owner] = await ownerAndMember(['Oda', 'Mel'], 'glass');
  const guest = await person(await start(), 'Looker', '/app/rooms/glass');
  await guest.getByText(/You are looking in/).waitFor();
  await owner.goto(`${new URL(owner.url()).origin}/app/rooms/glass/settings`);
  await owner.getByLabel('Who may read').selectOption('private');
  await owner.getByRole('button', { name: 'Save' }).click();
  await guest.getByText('This room is private now.').waitFor();
});
