// Accounts: finding one, and what may be done about it.

import { avatar } from '../app/avatar.js';
import { confirmed, openDialog } from '../app/dialog.js';
import { fill, h, icon } from '../app/dom.js';
import { choice, form } from '../app/forms.js';
import { searchedList } from '../app/listed.js';
import { called } from '../app/people.js';
import { parlour, session } from '../app/session.js';
import { ago, momentOf } from '../app/time.js';
import { attempt, toast } from '../app/toast.js';

/** @import { Me } from '../parlour/types.js' */
/** @typedef {Me & { disabled_at: string | null, sessions: number }} Account */

const LEVELS = /** @type {[string, string][]} */ ([['0', 'Person'], ['1', 'Staff'], ['2', 'Administrator']]);

/** @param {HTMLElement} body */
export function showAccounts(body) {
  fill(body, searchedList('Search by the beginning of a username or e-mail', (q, after) => parlour.get('/admin/accounts', { q, after }), row, 'No account begins so.'));
}

/** @param {Account} account @param {() => void} again */
function row(account, again) {
  const words = [`#${account.id}`, account.email, `${account.sessions} session${account.sessions === 1 ? '' : 's'}`, `since ${ago(account.created_at)}`].filter(Boolean).join(' · ');
  return h(
    'li',
    { class: 'entry' },
    avatar(account, 'small'),
    h('span', { class: 'words' }, h('bdi', null, called(account)), h('small', { dir: 'auto' }, words)),
    account.disabled_at && h('span', { class: 'tag bad' }, 'disabled'),
    account.admin_level > 0 && h('span', { class: 'tag owner' }, LEVELS[account.admin_level]?.[1] ?? ''),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': `What to do about ${called(account)}`, onclick: () => openAccount(account, again) }, icon('more')),
  );
}

/** @param {Account} account @param {() => void} again */
function openAccount(account, again) {
  const { id, disabled_at } = account;
  const own = id === session.me.id;
  openDialog(called(account), (close) => {
    /** @param {string} done @param {() => Promise<unknown>} work */
    const then = (done, work) => async () => {
      await work();
      close();
      toast(done);
      again();
    };
    const disable = async () => {
      if (disabled_at || (await confirmed(`Disable ${called(account)}?`, 'They are logged out everywhere and cannot log in until you enable them again.', 'Disable'))) {
        await then(disabled_at ? 'Enabled.' : 'Disabled.', () => parlour.patch(`/admin/accounts/${id}`, { disabled: !disabled_at }))();
      }
    };
    return h(
      'div',
      { class: 'dialog-body stack' },
      h('dl', { class: 'facts' }, fact('Username', account.username), fact('E-mail', account.email ? `${account.email} (${account.email_verified ? 'confirmed' : 'not confirmed'})` : 'none'), fact('Since', momentOf(account.created_at)), disabled_at && fact('Disabled', momentOf(disabled_at))),
      !own && form('Set the level', ({ level }) => then('Saved.', () => parlour.patch(`/admin/accounts/${id}`, { admin_level: Number(level) }))(), choice('level', 'Level', LEVELS, { value: String(account.admin_level) })),
      h('button', { type: 'button', onclick: attempt(then('All sessions are ended.', () => parlour.delete(`/admin/accounts/${id}/sessions`))) }, 'End all sessions'),
      account.email && h('button', { type: 'button', onclick: attempt(then('The letter is on its way.', () => parlour.post(`/admin/accounts/${id}/password-reset`))) }, 'Mail a password reset'),
      !own && h('button', { type: 'button', class: disabled_at ? '' : 'danger quiet-danger', onclick: attempt(disable) }, disabled_at ? 'Enable the account' : 'Disable the account'),
    );
  });
}

/** @param {string} name @param {string} value */
const fact = (name, value) => h('div', null, h('dt', null, name), h('dd', { dir: 'auto' }, value));
