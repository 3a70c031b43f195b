// The audit log: who did what, from where.

import { fill, h } from '../app/dom.js';
import { searchedList } from '../app/listed.js';
import { called } from '../app/people.js';
import { parlour } from '../app/session.js';
import { dayOf, momentOf, timeOf } from '../app/time.js';

/** @import { Person } from '../parlour/types.js' */
/** @typedef {{ id: number, at: string, action: string, actor: Person | null, target: Person | null, address: string | null, session: number | null, contract: string | null, detail: unknown }} Line */

/** @param {HTMLElement} body */
export function showAudit(body) {
  fill(body, searchedList('An account\u2019s number', (account, after) => parlour.get('/admin/audit', { account: /^\d+$/.test(account) ? account : null, after }), row, 'Nothing has happened.'));
}

/** @param {Line} line */
function row({ at, action, actor, target, address, session, contract, detail }) {
  const who = actor ? called(actor) : contract === 'console' ? 'The console' : 'Somebody';
  const whom = target && target.id !== actor?.id ? ` → ${called(target)}` : '';
  const more = detail && typeof detail === 'object' ? JSON.stringify(detail) : detail;
  const words = [contract, address, session && `session ${session}`, more].filter(Boolean).join(' · ');
  return h(
    'li',
    { class: 'entry audit' },
    h('time', { datetime: at, title: momentOf(at) }, h('span', null, timeOf(at)), h('small', null, dayOf(at))),
    h('span', { class: 'words' }, h('bdi', null, h('b', null, action.replaceAll('_', ' ')), ' ', `${who}${whom}`), h('small', { dir: 'auto' }, words)),
  );
}
