// Search: in one room or in all.

import { avatar, roomTitle } from './avatar.js';
import { fill, h, icon, settled } from './dom.js';
import { sentence } from './forms.js';
import { called, people } from './people.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { parlour } from './session.js';
import { rich } from './text.js';
import { dayOf, timeOf } from './time.js';

/** @import { Found } from '../parlour/types.js' */
/** @import { Place } from './router.js' */

/** @param {HTMLElement} page @param {Place} place */
export function showSearch(page, { query }) {
  const input = h('input', { type: 'search', placeholder: 'Search messages', 'aria-label': 'Search messages', value: query.get('q') ?? '', autocomplete: 'off' });
  const where = h('select', { 'aria-label': 'Where to search' }, h('option', { value: '' }, 'in all rooms'), rooms.own.map((room) => h('option', { value: room.name }, `in ${roomTitle(room)}`)));
  where.value = query.get('room') ?? '';
  const list = h('ul', { class: 'hits' });
  const state = h('p', { class: 'quiet', role: 'status' });
  const more = h('button', { type: 'button', hidden: true }, 'Show older ones');
  /** @type {Found[]} */
  let found = [];
  let turn = 0;

  /** @param {string | null} after */
  const look = async (after) => {
    const mine = (turn += 1);
    const [q, room] = [input.value.trim(), where.value];
    history.replaceState(null, '', `/app/search?${new URLSearchParams({ ...(q && { q }), ...(room && { room }) })}`);
    if (q === '') return draw(null, 'Words are found by their beginning, without case or accents.');
    if (!after) state.textContent = 'Searching …';
    try {
      const { items, next } = await parlour.search({ q, room, after });
      if (mine !== turn) return;
      found = after ? [...found, ...items] : items;
      draw(next, found.length === 0 ? 'Nothing was found. What was said in the last seconds may be missing.' : '');
    } catch (error) {
      if (mine === turn) draw(null, sentence(error));
    }
  };
  /** @param {string | null} next @param {string} words */
  const draw = (next, words) => {
    if (words) found = [];
    state.textContent = words;
    fill(list, found.map((hit) => h('li', null, row(hit))));
    more.hidden = next === null;
    more.onclick = () => void look(next);
  };
  input.addEventListener('input', settled(() => void look(null), 250));
  where.addEventListener('change', () => void look(null));
  fill(
    page,
    h(
      'div',
      { class: 'sheet' },
      h('header', { class: 'head-bar' }, h('a', { class: 'icon-button back', href: '/app', 'aria-label': 'Back to the rooms' }, icon('back')), h('h1', null, 'Search')),
      h('div', { class: 'sheet-body' }, h('div', { class: 'search-line' }, h('div', { class: 'search-field' }, icon('search'), input), where), state, list, more),
    ),
  );
  document.title = 'Search · Parlour';
  input.focus();
  void look(null);
  return people.on('change', () => found.length > 0 && fill(list, found.map((hit) => h('li', null, row(hit)))));
}

/** @param {Found} hit */
function row({ room, message, snippet }) {
  const person = people.get(message.author);
  const known = rooms.get(room)?.room;
  return h(
    'a',
    { class: 'hit', href: roomAddress(room, message.seq) },
    avatar(person, 'small'),
    h(
      'div',
      null,
      h('p', { class: 'head' }, h('bdi', { class: 'name' }, called(person)), ' in ', h('bdi', null, known ? roomTitle(known) : room), h('time', { datetime: message.at }, `${dayOf(message.at)}, ${timeOf(message.at)}`)),
      h('p', { class: 'text', dir: 'auto' }, marked(snippet || message.text, router.place().query.get('q') ?? '')),
    ),
  );
}

/** The text with what was searched for marked. @param {string} text @param {string} words */
function marked(text, words) {
  const starts = words.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (starts.length === 0) return rich(text);
  const pieces = text.split(new RegExp(`(?<![\\p{L}\\p{N}])((?:${starts.join('|')})[\\p{L}\\p{N}]*)`, 'giu'));
  return pieces.map((piece, index) => (index % 2 === 1 ? h('mark', null, piece) : piece));
}
