// The frame of everything behind the log-in: the rooms at the side, and the page that the address names.

import { banner } from './banner.js';
import { fill, h, icon } from './dom.js';
import { farewell, showRoom } from './room.js';
import { rooms } from './rooms.js';
import { router } from './router.js';
import { listenForKeys } from './keys.js';
import { sidebar } from './sidebar.js';
import { toast } from './toast.js';

/** @import { Place } from './router.js' */
/** @typedef {(page: HTMLElement, place: Place) => void | (() => void)} Show */

/** Pages that are loaded when they are wanted. @type {Record<string, () => Promise<Show>>} */
const RARE = {
  search: () => import('./search.js').then(({ showSearch }) => showSearch),
  account: () => import('./account.js').then(({ showAccount }) => showAccount),
  admin: () => import('../admin/admin.js').then(({ showAdmin }) => showAdmin),
};

/** @typedef {ReturnType<typeof makeShell>} Shell */

/** Made once; whoever logs in next finds it empty. */
export function makeShell() {
  const page = h('main', { id: 'main', tabindex: -1 });
  const shell = h('div', { class: 'shell' }, sidebar(), h('div', { class: 'page' }, banner(), page));
  const skip = h('a', { class: 'skip', href: '#main', onclick: () => page.focus() }, 'Skip to the messages');
  listenForKeys();
  let close = () => {};
  let turn = 0;

  /** @param {Show} show @param {Place} place */
  const put = (show, place) => {
    close();
    close = show(page, place) ?? (() => {});
  };

  rooms.on('gone', ({ name, reason }) => {
    const { path } = router.place();
    if (path[0] !== 'rooms' || path[1] !== name) return;
    toast(farewell(reason));
    router.go('/app', { replace: true });
  });

  const leave = () => {
    turn += 1;
    close();
    close = () => {};
    fill(page);
  };

  /** @param {Place} place */
  const show = async (place) => {
    const mine = (turn += 1);
    const [kind, , part] = place.path;
    shell.dataset.view = kind === undefined ? 'list' : 'page';
    const load = kind === 'rooms' && part === 'settings' ? () => import('./settings.js').then(({ showSettings }) => showSettings) : RARE[kind ?? ''];
    if (kind === 'rooms' && !part) return put(showRoom, place);
    if (!load) return put(kind === undefined ? showNothing : showNoPage, place);
    const loaded = await load().catch(() => showOutdated);
    // Somebody may have gone on meanwhile.
    if (mine === turn) put(loaded, place);
  };

  return { parts: [skip, shell], show, leave };
}

/** @param {HTMLElement} page */
function showNothing(page) {
  document.title = 'Parlour';
  const find = () => void import('./find.js').then(({ findRoom }) => findRoom());
  fill(
    page,
    h(
      'div',
      { class: 'nothing' },
      icon('chat'),
      h('h1', null, 'Where shall we talk?'),
      h('p', null, 'Choose a room at the side, begin in the lobby where everybody is, or find a place of your own.'),
      h('div', { class: 'buttons' }, h('a', { class: 'button primary', href: '/app/rooms/lobby' }, 'To the lobby'), h('button', { type: 'button', onclick: find }, 'Find or make a room')),
    ),
  );
}

/** An address that names nothing. @param {HTMLElement} page */
function showNoPage(page) {
  document.title = 'There is no such page · Parlour';
  fill(page, h('div', { class: 'nothing' }, icon('search'), h('h1', null, 'There is no such page'), h('p', null, 'The address may have been cut, or come from another version.'), h('a', { class: 'button', href: '/app' }, 'To your rooms')));
}

/** A part of the program that is no longer there: the server has a newer one. @param {HTMLElement} page */
function showOutdated(page) {
  const again = h('button', { type: 'button', class: 'primary', onclick: () => location.reload() }, 'Load anew');
  fill(page, h('div', { class: 'nothing' }, icon('cloud'), h('h1', null, 'This page could not be loaded'), h('p', null, 'The server may have a newer version, or the connection is gone.'), again));
}
