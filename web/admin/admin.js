// Administration: accounts, rooms, what happened, how busy the server is, and the keys it signs with.

import { fill, h, icon } from '../app/dom.js';
import { session } from '../app/session.js';
import { showAccounts } from './accounts.js';
import { showAudit } from './audit.js';
import { showKeys } from './keys.js';
import { showRooms } from './rooms.js';
import { showStatistics } from './statistics.js';

/** @import { Place } from '../app/router.js' */

/** @type {Record<string, [string, (body: HTMLElement, place: Place) => void | (() => void)]>} */
const PARTS = {
  statistics: ['Now', showStatistics], accounts: ['Accounts', showAccounts], rooms: ['Rooms', showRooms], audit: ['Audit', showAudit], keys: ['Keys', showKeys],
};

/** @param {HTMLElement} page @param {Place} place */
export function showAdmin(page, place) {
  if (session.me.admin_level < 2) return showNoAdmin(page);
  const name = place.path[1] && place.path[1] in PARTS ? place.path[1] : 'statistics';
  const body = h('div', { class: 'sheet-body wide' });
  const tabs = Object.entries(PARTS).map(([key, [label]]) => h('a', { href: `/app/admin/${key}`, 'aria-current': key === name && 'page' }, label));
  fill(
    page,
    h(
      'div',
      { class: 'sheet' },
      h('header', { class: 'head-bar' }, h('a', { class: 'icon-button back', href: '/app', 'aria-label': 'Back to the rooms' }, icon('back')), h('h1', null, 'Administration')),
      h('nav', { class: 'tabs', 'aria-label': 'Administration' }, tabs),
      body,
    ),
  );
  document.title = `${PARTS[name]?.[0]} · Administration · Parlour`;
  return PARTS[name]?.[1](body, place);
}

/** @param {HTMLElement} page */
function showNoAdmin(page) {
  document.title = 'Only for administrators · Parlour';
  fill(
    page,
    h(
      'div',
      { class: 'nothing' },
      icon('shield'),
      h('h1', null, 'Only for administrators'),
      h('p', null, 'From here all accounts and rooms are looked after. Yours is not one that may do so.'),
      h('a', { class: 'button', href: '/app' }, 'To your rooms'),
    ),
  );
}
