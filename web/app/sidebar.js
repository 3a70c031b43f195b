// The list of rooms at the side: what is new, who writes, and the ways to everything else.

import { avatar, roomFace, roomTitle } from './avatar.js';
import { fill, h, icon, iconButton, soon } from './dom.js';
import { draftOf, drafts } from './drafts.js';
import { choose, look } from './look.js';
import { called, people } from './people.js';
import { rooms } from './rooms.js';
import { router, roomAddress } from './router.js';
import { rove } from './roving.js';
import { session } from './session.js';
import { tabs } from './tabs.js';
import { briefly } from './time.js';

/** @import { Room } from '../parlour/types.js' */

export function sidebar() {
  const list = h('div', { class: 'room-list' });
  const foot = h('footer', { class: 'side-foot' });
  const find = () => void import('./find.js').then(({ findRoom }) => findRoom());
  const element = h(
    'nav',
    { class: 'sidebar', 'aria-label': 'Rooms' },
    h(
      'header',
      { class: 'side-head' },
      h('a', { class: 'mark', href: '/app' }, h('img', { src: '/icon.svg', alt: '', width: 26, height: 26 }), 'Parlour'),
      h('a', { class: 'icon-button', href: '/app/search', 'aria-label': 'Search', title: 'Search' }, icon('search')),
      iconButton('plus', 'Find or make a room', find),
    ),
    list,
    foot,
  );
  const settle = rove(list, '.room-link');
  const draw = soon(() => {
    if (!session.isIn) return;
    keepingFocus(list, () => fill(list, contents(find)));
    settle();
    fill(foot, footer());
    badge();
  });
  rooms.on('change', draw);
  people.on('change', draw);
  drafts.on('change', draw);
  tabs.on('draft', draw);
  session.on('me', draw);
  router.on('place', draw);
  draw();
  return element;
}

/** @param {() => void} find */
function contents(find) {
  if (!rooms.ready) return h('div', { class: 'ghost-list', 'aria-hidden': 'true' }, Array.from({ length: 6 }, () => h('div', { class: 'ghost' }, h('i'), h('b'))));
  const { own, invitations } = rooms;
  const [direct, open] = [own.filter((room) => room.with), own.filter((room) => !room.with)];
  return [
    invitations.length > 0 && section('Invitations', invitations.map(invitation)),
    section('Rooms', open.map(row)),
    open.length < 2 && h('button', { type: 'button', class: 'hint-button', onclick: find }, icon('plus'), 'Find or make a room'),
    section('People', direct.map(row)),
    direct.length === 0 && h('button', { type: 'button', class: 'hint-button', onclick: () => void import('./find.js').then(({ writeTo }) => writeTo()) }, icon('plus'), 'Write to somebody'),
  ];
}

/** @param {string} title @param {Element[]} items */
const section = (title, items) => h('section', null, h('h2', null, title), h('ul', null, items.map((item) => h('li', null, item))));

/** @param {Room} room */
function row(room) {
  const { path } = router.place();
  const current = path[0] === 'rooms' && path[1] === room.name;
  const unread = room.me?.unread ?? 0;
  return h(
    'a',
    { class: `room-link ${unread > 0 ? 'fresh' : ''}`, href: roomAddress(room.name), 'aria-current': current && 'page', tabindex: -1 },
    roomFace(room, 'small'),
    h('span', { class: 'room-words' }, h('bdi', { class: 'room-name' }, roomTitle(room)), h('bdi', { class: 'room-last' }, last(room, current))),
    h('span', { class: 'room-side' }, h('span', { class: 'quiet' }, room.last_message && briefly(room.last_message.at)), unread > 0 && h('span', { class: 'unread-count' }, unread > 99 ? '99+' : unread, h('span', { class: 'unseen' }, ' unread'))),
  );
}

/** The line below a room's name. @param {Room} room @param {boolean} current */
function last(room, current) {
  const draft = !current && draftOf(session.me.id, room.name);
  if (draft) return [h('span', { class: 'draft' }, 'Draft: '), draft.slice(0, 100)];
  const message = room.last_message;
  if (!message) return room.topic || 'Nothing said yet';
  const who = message.author.id === session.me.id ? 'You: ' : room.with ? '' : `${called(people.get(message.author))}: `;
  return who + message.text.slice(0, 100);
}

/** @param {import('../parlour/types.js').Invitation} invitation */
function invitation({ room, by }) {
  return h(
    'a',
    { class: 'room-link fresh', href: roomAddress(room.name), tabindex: -1 },
    h('span', { class: 'avatar small room-face', 'aria-hidden': 'true' }, icon('mail')),
    h('span', { class: 'room-words' }, h('bdi', { class: 'room-name' }, room.name), h('bdi', { class: 'room-last' }, by ? `${called(by)} invites you` : 'You are invited')),
  );
}

function footer() {
  const { me } = session;
  const now = look();
  const next = /** @type {const} */ ({ system: 'light', light: 'dark', dark: 'system' })[now];
  const words = { system: 'Look: as your system', light: 'Look: light', dark: 'Look: dark' }[now];
  return [
    h('a', { class: 'me', href: '/app/account' }, h('span', { class: 'unseen' }, 'Your account: '), avatar(me, 'small'), h('bdi', { class: 'name' }, called(me))),
    me.admin_level >= 2 && h('a', { class: 'icon-button', href: '/app/admin', 'aria-label': 'Administration', title: 'Administration' }, icon('shield')),
    iconButton({ system: 'auto', light: 'sun', dark: 'moon' }[now], words, (event) => {
      choose(next);
      const place = /** @type {HTMLElement} */ (event.currentTarget);
      const parent = place.parentElement;
      if (parent) fill(parent, footer());
      parent?.querySelector('button')?.focus();
    }),
  ];
}

/** Draws a list anew without taking the focus from whoever is in it. @param {HTMLElement} list @param {() => void} draw */
function keepingFocus(list, draw) {
  const focused = document.activeElement instanceof HTMLAnchorElement && list.contains(document.activeElement) ? document.activeElement.href : null;
  const { scrollTop } = list;
  draw();
  list.scrollTop = scrollTop;
  if (focused) [...list.querySelectorAll('a')].find(({ href }) => href === focused)?.focus();
}

/** How much is new, in the title of the window. */
function badge() {
  const unread = rooms.own.reduce((sum, { me }) => sum + (me?.unread ?? 0), 0);
  const bare = document.title.replace(/^\(\d+\+?\) /, '');
  document.title = unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${bare}` : bare;
}
