// The keys that tokens are signed with.

import { confirmed } from '../app/dialog.js';
import { fill, h, icon } from '../app/dom.js';
import { sentence } from '../app/forms.js';
import { parlour } from '../app/session.js';
import { momentOf } from '../app/time.js';
import { attempt, toast } from '../app/toast.js';

/** @typedef {{ kid: string, algorithm: string, active_from: string, expires_at: string | null, signs_now: boolean }} Key */

/** @param {HTMLElement} body */
export function showKeys(body) {
  const list = h('ul', { class: 'rows' });
  const load = async () => fill(list, (await parlour.get('/admin/keys')).items.map(row));
  const rotate = attempt(async () => {
    if (!(await confirmed('Make a new key?', 'It is published first and signs later. Tokens that stand stay good.', 'Make a new key'))) return;
    await parlour.post('/admin/keys');
    await load();
    toast('There is a new key.');
  });
  load().catch((error) => fill(list, h('li', { class: 'quiet' }, sentence(error))));
  fill(body, h('p', null, 'Access tokens are signed with one of these; others are kept while tokens of theirs stand.'), list, h('button', { type: 'button', onclick: rotate }, 'Make a new key'));
}

/** @param {Key} key */
function row({ kid, algorithm, active_from, expires_at, signs_now }) {
  const words = [algorithm, `from ${momentOf(active_from)}`, expires_at && `until ${momentOf(expires_at)}`].filter(Boolean).join(' · ');
  return h('li', { class: 'entry' }, h('span', { class: 'avatar small room-face', 'aria-hidden': 'true' }, icon('key')), h('span', { class: 'words' }, h('code', null, kid), h('small', null, words)), signs_now && h('span', { class: 'tag good' }, 'signs now'));
}
