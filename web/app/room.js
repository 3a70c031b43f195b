// A room's page: its head, its timeline, the place to write, and who is there.

import { messageActions } from './actions.js';
import { roomFace, roomTitle } from './avatar.js';
import { Composer } from './composer.js';
import { fill, h, icon, iconButton } from './dom.js';
import { sentence } from './forms.js';
import { Log } from './log.js';
import { called, people } from './people.js';
import { presence } from './presence.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { parlour, session } from './session.js';
import { Timeline } from './timeline.js';
import { lengthOf, momentOf } from './time.js';
import { attempt, complain } from './toast.js';
import { typingLine } from './typing.js';

/** @import { Place } from './router.js' */
/** @import { Entry } from './rooms.js' */

/**
 * Shows a room in `page` until the returned function is called.
 * @param {HTMLElement} page
 * @param {Place} place
 */
export function showRoom(page, place) {
  const name = place.path[1] ?? '';
  /** @type {(() => void) | null} */
  let close = null;
  let left = false;
  /** What to stop listening to. */
  let deaf = () => {};
  fill(page, skeleton(name));
  rooms.visit(name).then(
    (entry) => {
      if (!left) close = open(page, entry, Number(place.query.get('at')) || 0);
    },
    (error) => {
      if (left) return;
      const draw = () => fill(page, missing(name, error));
      // The invitation may be known later than that one may not enter.
      deaf = rooms.on('change', () => invitationTo(name) && draw());
      draw();
    },
  );
  return () => {
    left = true;
    deaf();
    close?.();
  };
}

/** @param {HTMLElement} page @param {Entry} entry @param {number} at */
function open(page, entry, at) {
  const { name } = entry.room;
  const log = new Log(name);
  const readTo = entry.room.me && entry.room.me.unread > 0 ? entry.room.me.read_seq : 0;
  const timeline = new Timeline(log, readTo, acts(name, () => timeline), (seq) => rooms.read(name, seq));
  const composer = new Composer(name, roomTitle(entry.room), {
    lastOwn: () => log.items.findLast(({ author }) => author.id === session.me.id),
    sent: () => void timeline.toEnd(),
  });
  const typing = typingLine(entry.following);
  const aside = presence(entry.following, (id) => void import('./person.js').then(({ showPerson }) => showPerson(id)));
  const head = h('header', { class: 'head-bar' });
  const foot = h('div', { class: 'foot' });
  const stage = h('div', { class: 'stage' }, timeline.scroller, timeline.unread, timeline.latest);
  messageActions(timeline.scroller, log, () => entry.room, composer);

  const drawHead = () => {
    fill(head, title(entry, aside.element));
    fill(timeline.start, log.state === 'ready' ? !log.before && beginning(entry, log) : log.state === 'failed' ? broken(log, at) : rowsToCome());
  };
  /** What stands below is drawn anew only when it is another, so that nobody is interrupted while they write. */
  let footing = '';
  const drawFoot = () => {
    const { me, visibility } = entry.room;
    const now = `${me?.muted_until} ${me === null} ${visibility} ${entry.room.slow_mode} ${invitationTo(name) !== undefined}`;
    if (now === footing) return;
    footing = now;
    const writing = document.activeElement === composer.input;
    fill(foot, below(entry, composer), typing.element);
    if (writing) composer.input.focus();
  };
  const draw = () => {
    drawHead();
    drawFoot();
  };
  const offs = [
    rooms.on('event', (heard) => heard.name === name && log.apply(heard.event)),
    rooms.on('reset', (which) => which === name && void log.open()),
    rooms.on('change', draw),
    people.on('change', draw),
    log.on('change', drawHead),
    log.on('fresh', (message) => message.author.id !== session.me.id && say(`${called(people.get(message.author))}: ${message.text}`)),
    typing.close, aside.close, composer.close, timeline.close,
  ];
  fill(page, h('div', { class: 'room' }, head, h('div', { class: 'columns' }, h('div', { class: 'talk' }, stage, foot), aside.element)));
  document.title = `${roomTitle(entry.room)} · Parlour`;
  draw();
  aside.draw();
  void (at ? timeline.jump(at) : log.open());
  if (matchMedia('(hover: hover)').matches && !at) composer.input.focus({ preventScroll: true });
  return () => {
    for (const off of offs) off();
    // Who only looked in is not told of it any longer.
    if (entry.room.me === null && rooms.get(name) === entry) rooms.drop(name);
  };
}

/** @param {string} name @param {() => Timeline} timeline */
function acts(name, timeline) {
  const { outbox } = session;
  return {
    react: (/** @type {{ seq: number }} */ { seq }, /** @type {string} */ emoji, /** @type {boolean} */ on) => void parlour.react(name, seq, emoji, on).catch(complain),
    jump: (/** @type {number} */ seq) => void timeline().jump(seq),
    retry: (/** @type {string} */ key) => outbox.retry(key),
    discard: (/** @type {string} */ key) => outbox.settle(key),
  };
}

/** @param {Entry} entry @param {HTMLElement} aside */
function title({ room, following }, aside) {
  const toggle = () => aside.classList.toggle('open');
  const count = following.live ? following.present : room.members;
  return [
    h('a', { class: 'icon-button back', href: '/app', 'aria-label': 'Back to the rooms' }, icon('back')),
    roomFace(room, 'small'),
    h('div', { class: 'head-words' }, h('h1', { dir: 'auto' }, roomTitle(room)), room.topic && h('p', { class: 'topic', dir: 'auto', title: room.topic }, room.topic)),
    iconButton('search', 'Search in this room', () => router.go(`/app/search?room=${encodeURIComponent(room.name)}`)),
    h('button', { type: 'button', class: 'icon-button with-count', 'aria-label': `${count} here: show who`, title: 'Who is here', onclick: toggle }, icon('people'), h('span', null, count)),
    h('a', { class: 'icon-button', href: `${roomAddress(room.name)}/settings`, 'aria-label': 'About this room', title: 'About this room' }, icon('more')),
  ];
}

/** Where the timeline begins. @param {Entry} entry @param {Log} log */
function beginning({ room }, log) {
  const empty = log.items.length === 0;
  const words = room.with
    ? `This is between you and ${called(room.with)}. Nobody else can ever read it.`
    : empty ? 'Nobody has written here yet. Say hello!' : `This is where ${room.name} begins.`;
  return h('div', { class: 'beginning' }, roomFace(room, 'huge'), h('h2', { dir: 'auto' }, roomTitle(room)), room.topic && h('p', { dir: 'auto' }, room.topic), h('p', { class: 'quiet' }, words));
}

/** @param {Log} log @param {number} at */
function broken(log, at) {
  return h('div', { class: 'beginning' }, h('p', null, 'The messages could not be read.'), h('button', { type: 'button', onclick: () => void log.open(at) }, 'Try again'));
}

/** @param {Entry} entry @param {Composer} composer */
function below({ room }, composer) {
  if (room.me?.muted_until && Date.parse(room.me.muted_until) > Date.now()) {
    return h('p', { class: 'barred' }, icon('mute'), `You are muted here until ${momentOf(room.me.muted_until)}.`);
  }
  if (room.me === null) {
    const join = attempt(async () => rooms.take(await parlour.join(room.name)));
    const invitation = invitationTo(room.name);
    const words = invitation ? `${invitation.by ? called(invitation.by) : 'Somebody'} invites you to this room.` : 'You are looking in. Join to write, and to keep this room in your list.';
    return h('div', { class: 'barred' }, h('span', null, words), invitation && h('button', { type: 'button', onclick: attempt(() => decline(room.name)) }, 'Decline'), h('button', { type: 'button', class: 'primary', onclick: join }, 'Join'));
  }
  return [room.slow_mode > 0 && h('p', { class: 'slow' }, icon('clock'), `Slow mode: one message every ${lengthOf(room.slow_mode)}.`), composer.element];
}

/** @param {string} name */
function skeleton(name) {
  return h('div', { class: 'room' }, h('header', { class: 'head-bar' }, h('h1', { dir: 'auto', class: 'ghost-title' }, rooms.get(name) ? '' : name)), h('div', { class: 'columns' }, h('div', { class: 'talk' }, rowsToCome())));
}

function rowsToCome() {
  return h('div', { class: 'ghosts', 'aria-hidden': 'true' }, Array.from({ length: 8 }, () => h('div', { class: 'ghost' }, h('i'), h('b'), h('s'))));
}

/** @param {string} name @param {unknown} error */
function missing(name, error) {
  const word = error instanceof Error && 'word' in error ? error.word : '';
  const invited = invitationTo(name) !== undefined;
  const accept = attempt(async () => {
    rooms.take(await parlour.join(name));
    router.go(roomAddress(name), { replace: true });
  });
  if (invited) {
    return h('div', { class: 'nothing' }, icon('mail'), h('h1', { dir: 'auto' }, `You are invited to ${name}`), h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: attempt(() => decline(name)) }, 'Decline'), h('button', { type: 'button', class: 'primary', onclick: accept }, 'Join')));
  }
  const words = word === 'banned' ? ['You may not enter', 'Somebody who looks after this room has kept you out of it.']
    : word === 'not_found' ? ['There is no such room', 'It may be private, renamed or gone. Perhaps you find another.']
    : ['This room could not be opened', sentence(error)];
  return h('div', { class: 'nothing' }, icon('hash'), h('h1', null, words[0]), h('p', null, words[1]), h('a', { class: 'button', href: '/app' }, 'To your rooms'));
}

/** @param {string} name */
const invitationTo = (name) => rooms.invitations.find(({ room }) => room.name === name);

/** @param {string} name */
async function decline(name) {
  await parlour.delete(`/invitations/${encodeURIComponent(name)}`);
  router.go('/app', { replace: true });
  await rooms.load();
}

/** Tells a screen reader, politely. @param {string} text */
function say(text) {
  const spoken = document.getElementById('spoken');
  if (spoken) spoken.textContent = text.slice(0, 300);
}

/** What becomes of a room that one may no longer be in. @param {string} reason */
export function farewell(reason) {
  const words = /** @type {Record<string, string>} */ ({
    banned: 'You were kept out of this room.', removed: 'You were put out of this room.', private: 'This room is private now.', deleted: 'This room was deleted.',
  });
  return words[reason] ?? 'You are no longer in this room.';
}

