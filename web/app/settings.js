// About a room: what it is, who is in it, who is kept out, and what may be done about that.

import { roomFace, roomTitle } from './avatar.js';
import { confirmed } from './dialog.js';
import { fill, h, icon } from './dom.js';
import { choice, field, form, sentence } from './forms.js';
import { bans, invite, members } from './members.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { parlour, session } from './session.js';
import { attempt, toast } from './toast.js';
import { room as path } from '../parlour.js';

/** @import { Room } from '../parlour/types.js' */
/** @import { Place } from './router.js' */

const PAUSES = /** @type {[string, string][]} */ ([['0', 'Off'], ['5', '5 seconds'], ['10', '10 seconds'], ['30', '30 seconds'], ['60', '1 minute'], ['300', '5 minutes'], ['900', '15 minutes'], ['3600', '1 hour']]);

/** @param {HTMLElement} page @param {Place} place */
export function showSettings(page, place) {
  const name = place.path[1] ?? '';
  const body = h('div', { class: 'sheet-body' });
  fill(page, h('div', { class: 'sheet' }, h('header', { class: 'head-bar' }, h('a', { class: 'icon-button', href: roomAddress(name), 'aria-label': 'Back to the room' }, icon('back')), h('h1', null, 'About this room')), body));
  document.title = 'About this room · Parlour';
  rooms.visit(name).then(
    ({ room }) => fill(body, contents(room)),
    (error) => fill(body, h('p', { class: 'general complaint' }, sentence(error))),
  );
}

/** What somebody may do in a room. @param {Room} room */
function rights(room) {
  const admin = session.me.admin_level >= 2 && room.visibility !== 'direct';
  const role = room.me?.role;
  return { owns: admin || role === 'owner', moderates: admin || role === 'owner' || role === 'moderator', member: room.me !== null };
}

/** @param {Room} room */
function contents(room) {
  const direct = room.visibility === 'direct';
  const { owns, moderates, member } = rights(room);
  const lobby = room.name === 'lobby';
  return [
    h('div', { class: 'identity' }, roomFace(room, 'huge'), h('div', null, h('h2', { dir: 'auto' }, roomTitle(room)), h('p', { class: 'quiet', dir: 'auto' }, kind(room)))),
    !direct && moderates && block('Room', settings(room, owns && !lobby)),
    !direct && !moderates && room.topic && block('Topic', h('p', { dir: 'auto' }, room.topic)),
    !direct && !lobby && (room.visibility === 'public' ? member : moderates) && block('Invite', invite(room.name)),
    !direct && block('Members', members(room, { owns, moderates })),
    !direct && moderates && block('Kept out', bans(room.name)),
    !lobby && (member || owns) && block(member ? 'Leaving' : 'Deleting', departure(room, member, owns && !direct)),
  ];
}

/** @param {Room} room */
function kind(room) {
  if (room.with) return 'Between the two of you';
  return `${room.visibility === 'private' ? 'Private' : 'Public'} room · ${room.members} member${room.members === 1 ? '' : 's'}`;
}

/** @param {string} title @param {...(Node | false)} parts */
const block = (title, ...parts) => h('section', { class: 'block' }, h('h2', null, title), ...parts);

/** @param {Room} room @param {boolean} owns */
function settings(room, owns) {
  return form(
    'Save',
    async ({ topic = '', slow_mode, visibility }) => {
      /** @type {Room} */
      const now = await parlour.patch(path(room.name), { topic, slow_mode: Number(slow_mode), ...(owns && { visibility }) });
      rooms.take(now);
      toast('Saved.');
    },
    field('topic', 'Topic', { value: room.topic, maxlength: 500, dir: 'auto' }),
    choice('slow_mode', 'Slow mode: everybody may write once in', pauses(room.slow_mode), { value: String(room.slow_mode) }),
    owns && choice('visibility', 'Who may read', [['public', 'Everybody'], ['private', 'Only members']], { value: room.visibility }),
  );
}

/** @param {number} now */
const pauses = (now) => (PAUSES.some(([value]) => value === String(now)) ? PAUSES : [...PAUSES, /** @type {[string, string]} */ ([String(now), `${now} seconds`])]);

/** Whoever looks after all rooms need not be in one to delete it. @param {Room} room @param {boolean} member @param {boolean} owns */
function departure(room, member, owns) {
  const leave = attempt(async () => {
    if (!(await confirmed(`Leave ${roomTitle(room)}?`, room.visibility === 'public' ? 'You can come back whenever you like.' : 'You can only come back when you are invited.', 'Leave'))) return;
    await parlour.leave(room.name);
    rooms.drop(room.name);
    router.go('/app');
  });
  const erase = attempt(async () => {
    if (!(await confirmed(`Delete ${room.name}?`, 'The room and everything that was said in it are gone for everybody, for ever.', 'Delete the room'))) return;
    await parlour.delete(path(room.name));
    rooms.drop(room.name);
    router.go(member ? '/app' : '/app/admin/rooms');
  });
  return h('div', { class: 'buttons start' }, member && h('button', { type: 'button', onclick: leave }, 'Leave this room'), owns && h('button', { type: 'button', class: 'danger quiet-danger', onclick: erase }, 'Delete this room'));
}
