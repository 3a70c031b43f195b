// Ctrl K: a few letters and Enter lead to any room or person.

import { roomFace, roomTitle } from './avatar.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { personOption, search, startDirect } from './find.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { parlour, session } from './session.js';

/** @import { Room } from '../parlour/types.js' */

const MOST = 12;

export function openSwitcher() {
  openDialog('Go to', (close) => {
    const find = async (/** @type {string} */ words) => {
      const low = words.toLowerCase();
      const own = rooms.own.filter((room) => roomTitle(room).toLowerCase().includes(low)).slice(0, MOST);
      const met = new Set(own.map((room) => room.with?.id));
      const { items } = words === '' ? { items: [] } : await parlour.findPeople(words).catch(() => ({ items: [] }));
      const others = items.filter(({ id }) => id !== session.me.id && !met.has(id));
      return [...own.map((room) => option(room, close)), ...others.map((person) => personOption(person, ({ id }) => {
        close();
        void startDirect(id);
      }))];
    };
    return h('div', { class: 'dialog-body' }, search('Go to a room or a person', find, 'Nothing is called so.'));
  }, { class: 'switcher', bare: true });
}

/** @param {Room} room @param {() => void} close */
function option(room, close) {
  const go = () => {
    close();
    router.go(roomAddress(room.name));
  };
  const unread = room.me?.unread ?? 0;
  return h('button', { type: 'button', class: 'option', onclick: go }, roomFace(room, 'small'), h('span', { class: 'words' }, h('bdi', null, roomTitle(room)), room.topic && h('small', { dir: 'auto' }, room.topic)), unread > 0 && h('span', { class: 'unread-count' }, unread));
}
