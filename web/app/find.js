// Finding a room, making one, and beginning to write to somebody.

import { avatar, roomFace } from './avatar.js';
import { openDialog } from './dialog.js';
import { fill, h, icon, settled } from './dom.js';
import { choice, field, form } from './forms.js';
import { called, people } from './people.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { parlour, session } from './session.js';
import { complain } from './toast.js';

/** @import { Person, Room } from '../parlour/types.js' */

/** Public rooms, with search; a new one; or a person. */
export function findRoom() {
  openDialog('Find a room', (close) => {
    const make = () => {
      close();
      makeRoom();
    };
    const write = () => {
      close();
      writeTo();
    };
    const go = (/** @type {Room} */ room) => {
      close();
      void enter(room);
    };
    return h(
      'div',
      { class: 'dialog-body' },
      search('Search public rooms by name', async (words) => (await parlour.publicRooms(words)).items.map((room) => roomOption(room, go)), 'No public room begins so. You could make it.'),
      h(
        'div',
        { class: 'two' },
        h('button', { type: 'button', class: 'choice', onclick: make }, icon('plus'), h('span', null, h('b', null, 'Make a room'), h('small', null, 'Public, or for those you invite'))),
        h('button', { type: 'button', class: 'choice', onclick: write }, icon('chat'), h('span', null, h('b', null, 'Write to somebody'), h('small', null, 'Between the two of you'))),
      ),
    );
  });
}

export function makeRoom() {
  openDialog('Make a room', (close) => h(
    'div',
    { class: 'dialog-body' },
    form(
      'Make the room',
      async ({ name = '', topic, visibility = 'public' }) => {
        const room = await parlour.makeRoom({ name: name.trim(), visibility, ...(topic && { topic }) });
        close();
        rooms.take(room);
        router.go(roomAddress(room.name));
      },
      field('name', 'Name', { required: true, maxlength: 64, autocomplete: 'off', autocapitalize: 'none', hint: 'Short and plain: it is part of its address.' }),
      field('topic', 'Topic (optional)', { maxlength: 500, autocomplete: 'off' }),
      choice('visibility', 'Who may read', [['public', 'Everybody: it can be found'], ['private', 'Only those who are invited']]),
    ),
  ));
}

export function writeTo() {
  openDialog('Write to somebody', (close) => {
    const go = (/** @type {Person} */ person) => {
      close();
      void startDirect(person.id);
    };
    const find = async (/** @type {string} */ words) => {
      const { items } = words === '' ? { items: people.beginning('') } : await parlour.findPeople(words);
      people.learn(items);
      return items.filter(({ id }) => id !== session.me.id).slice(0, 10).map((person) => personOption(person, go));
    };
    return h('div', { class: 'dialog-body' }, search('Search people by name', find, 'Nobody is called so.', 'Type the beginning of a name.'));
  });
}

/** Opens the room of the two. @param {number} id */
export async function startDirect(id) {
  try {
    const room = await parlour.makeRoom({ with: id });
    rooms.take(room);
    router.go(roomAddress(room.name));
  } catch (error) {
    complain(error);
  }
}

/** @param {Room} room */
async function enter(room) {
  try {
    if (!room.me) rooms.take(await parlour.join(room.name));
    router.go(roomAddress(room.name));
  } catch (error) {
    complain(error);
  }
}

/**
 * A field to search with, and what was found below it.
 * @param {string} label
 * @param {(words: string) => Promise<HTMLElement[]>} find
 * @param {string} none
 * @param {string} [empty] where nothing is typed yet and nothing is found
 */
export function search(label, find, none, empty = none) {
  const input = h('input', { type: 'search', placeholder: label, 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
  const list = h('ul', { class: 'found' });
  let turn = 0;
  const look = async () => {
    const mine = (turn += 1);
    const words = input.value.trim();
    try {
      const found = await find(words);
      if (mine !== turn) return;
      fill(list, found.length > 0 ? found.map((item) => h('li', null, item)) : h('li', { class: 'quiet none' }, words === '' ? empty : none));
    } catch (error) {
      if (mine === turn) fill(list, h('li', { class: 'quiet none' }, error instanceof Error ? error.message : ''));
    }
  };
  input.addEventListener('input', settled(look, 150));
  input.addEventListener('keydown', (event) => {
    const first = list.querySelector('button');
    if (event.key === 'Enter') first?.click();
    else if (event.key === 'ArrowDown') first?.focus();
    else return;
    event.preventDefault();
  });
  list.addEventListener('keydown', (event) => {
    const buttons = [...list.querySelectorAll('button')];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    (buttons[at + step] ?? input).focus();
  });
  fill(list, Array.from({ length: 4 }, () => h('li', { class: 'ghost', 'aria-hidden': 'true' }, h('i'), h('b'))));
  void look();
  return h('div', { class: 'search' }, h('div', { class: 'search-field' }, icon('search'), input), list);
}

/** @param {Room} room @param {(room: Room) => void} go */
function roomOption(room, go) {
  const words = [room.topic, `${room.members} member${room.members === 1 ? '' : 's'}`].filter(Boolean).join(' · ');
  return h('button', { type: 'button', class: 'option', onclick: () => go(room) }, roomFace(room, 'small'), h('span', { class: 'words' }, h('bdi', null, room.name), h('small', { dir: 'auto' }, words)), room.me && h('span', { class: 'tag' }, 'joined'));
}

/** @param {Person} person @param {(person: Person) => void} go */
export function personOption(person, go) {
  return h('button', { type: 'button', class: 'option', onclick: () => go(person) }, avatar(person, 'small'), h('span', { class: 'words' }, h('bdi', null, called(person)), h('small', null, `@${person.username}`)));
}
