// Administration: accounts, rooms, what happened, how busy the server is, and the keys it signs with.

import { fill, h, icon } from '../app/dom.js';
import { sentence } from '../app/forms.js';
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
  if (session.me.admin_level < 2) return fill(body, h('div', { class: 'nothing' }, icon('shield'), h('h1', null, 'Only for administrators'), h('p', null, sentence('This page looks after all accounts.'))));
  return PARTS[name]?.[1](body, place);
}
