// All rooms but those of two.

import { h, icon, fill } from '../app/dom.js';
import { searchedList } from '../app/listed.js';
import { roomAddress } from '../app/router.js';
import { parlour } from '../app/session.js';

/** @typedef {{ id: number, name: string, visibility: string, topic: string, members: number, last_seq: number, created_at: string, present: number }} Row */

/** @param {HTMLElement} body */
export function showRooms(body) {
  fill(body, searchedList('Search by the beginning of a name', (q, after) => parlour.get('/admin/rooms', { q, after }), row, 'No room begins so.'));
}

/** @param {Row} room */
function row({ name, visibility, topic, members, last_seq, present }) {
  const words = [topic, name === 'lobby' ? 'everybody' : `${members} member${members === 1 ? '' : 's'}`, `${present} here`, `${last_seq.toLocaleString()} events`].filter(Boolean).join(' · ');
  return h(
    'li',
    { class: 'entry' },
    h('span', { class: 'avatar small room-face', 'aria-hidden': 'true' }, icon(visibility === 'private' ? 'lock' : 'hash')),
    h('span', { class: 'words' }, h('bdi', null, name), h('small', { dir: 'auto' }, words)),
    visibility === 'private' && h('span', { class: 'tag' }, 'private'),
    h('a', { class: 'button icon-button', href: `${roomAddress(name)}/settings`, 'aria-label': `Look after ${name}`, title: 'Look after it' }, icon('more')),
  );
}
