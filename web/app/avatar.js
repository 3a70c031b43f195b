// A face: the picture somebody chose, or their first letter on a colour of their own.

import { h, icon } from './dom.js';
import { called } from './people.js';

/** @import { Person, Room } from '../parlour/types.js' */

const COLOURS = 8;

/** @param {Person} person @param {string} [size] a class */
export function avatar(person, size = '') {
  const first = [...called(person).trim()][0]?.toUpperCase() ?? '?';
  const face = person.avatar?.startsWith('/') ? h('img', { src: person.avatar, alt: '', loading: 'lazy', decoding: 'async' }) : first;
  return h('span', { class: `avatar hue-${person.id % COLOURS} ${size}`, 'aria-hidden': 'true' }, face);
}

/** @param {Room} room @param {string} [size] */
export function roomFace(room, size = '') {
  if (room.with) return avatar(room.with, size);
  return h('span', { class: `avatar room-face ${size}`, 'aria-hidden': 'true' }, icon(room.visibility === 'private' ? 'lock' : 'hash'));
}

/** What a room is called. @param {Room} room */
export const roomTitle = (room) => (room.with ? called(room.with) : room.name);
