// Who is in a room, with what each may be made, and who is kept out.

import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { fill, h, icon, settled } from './dom.js';
import { choice, field, form, sentence } from './forms.js';
import { personOption, search } from './find.js';
import { called, people } from './people.js';
import { parlour, session } from './session.js';
import { ago, momentOf } from './time.js';
import { attempt, complain, toast } from './toast.js';
import { room as path } from '../parlour.js';

/** @import { Ban, Member, Page, Room } from '../parlour/types.js' */

const LENGTHS = /** @type {[string, string][]} */ ([['600', '10 minutes'], ['3600', '1 hour'], ['86400', '1 day'], ['604800', '1 week'], ['2592000', '30 days']]);

/** @param {string} name */
export function invite(name) {
  const find = async (/** @type {string} */ words) => (words === '' ? [] : (await parlour.findPeople(words)).items.filter(({ id }) => id !== session.me.id).map((person) => personOption(person, ask)));
  const ask = async (/** @type {import('../parlour/types.js').Person} */ person) => {
    try {
      await parlour.post(`${path(name)}/invitations`, { account: person.id });
      toast(`${called(person)} is invited.`);
    } catch (error) {
      complain(error);
    }
  };
  return search('Search people to invite', find, 'Nobody is called so.', 'Type the beginning of a name.');
}

/** @param {Room} room @param {{ owns: boolean, moderates: boolean }} rights */
export function members({ name }, rights) {
  const list = h('ul', { class: 'rows' });
  const more = h('button', { type: 'button', hidden: true }, 'Show more');
  const filter = h('input', { type: 'search', placeholder: 'Find a member', 'aria-label': 'Find a member', autocomplete: 'off' });
  let turn = 0;
  /** @param {string | null} after */
  const load = async (after) => {
    const mine = (turn += 1);
    try {
      const { items, next } = await parlour.members(name, { q: filter.value.trim(), after });
      if (mine !== turn) return;
      people.learn(items.map(({ person }) => person));
      if (!after) fill(list);
      list.append(...items.map((member) => row(member, name, rights, () => void load(null))));
      more.hidden = next === null;
      more.onclick = () => void load(next);
    } catch (error) {
      if (mine === turn) fill(list, h('li', { class: 'quiet' }, sentence(error)));
    }
  };
  filter.addEventListener('input', settled(() => void load(null), 200));
  void load(null);
  return h('div', null, h('div', { class: 'search-field' }, icon('search'), filter), list, more);
}

/** @param {Member} member @param {string} name @param {{ owns: boolean, moderates: boolean }} rights @param {() => void} again */
function row(member, name, rights, again) {
  const { person, role, muted_until, present } = member;
  const muted = muted_until !== null && Date.parse(muted_until) > Date.now();
  const words = [present ? 'here now' : `since ${ago(member.joined_at)}`, muted && `muted until ${momentOf(muted_until)}`].filter(Boolean).join(' · ');
  const act = () => openMember(member, muted, name, rights, again);
  return h(
    'li',
    { class: 'entry' },
    avatar(person, `small ${present ? 'present-dot' : ''}`),
    h('span', { class: 'words' }, h('bdi', null, called(person)), h('small', null, words)),
    role !== 'member' && h('span', { class: `tag ${role}` }, role),
    rights.moderates && person.id !== session.me.id && h('button', { type: 'button', class: 'icon-button', 'aria-label': `What to do about ${called(person)}`, title: 'More', onclick: act }, icon('more')),
  );
}

/** @param {Member} member @param {boolean} muted @param {string} name @param {{ owns: boolean }} rights @param {() => void} again */
function openMember({ person, role }, muted, name, { owns }, again) {
  openDialog(called(person), (close) => {
    /** Does something, then shows what has become of it. @param {string} done @param {() => Promise<unknown>} work */
    const then = (done, work) => async () => {
      await work();
      close();
      toast(done);
      again();
    };
    const who = called(person);
    return h(
      'div',
      { class: 'dialog-body stack' },
      owns && form('Set the role', (values) => then(`${who} is ${values.role} now.`, () => parlour.patch(`${path(name)}/members/${person.id}`, { role: values.role }))(), choice('role', 'Role', [['member', 'Member'], ['moderator', 'Moderator: looks after the room'], ['owner', 'Owner: may do everything']], { value: role })),
      muted
        ? h('button', { type: 'button', onclick: attempt(then(`${who} may write again.`, () => parlour.delete(`${path(name)}/mutes/${person.id}`))) }, 'May write again')
        : form('Mute', (values) => then(`${who} is muted.`, () => parlour.put(`${path(name)}/mutes/${person.id}`, { seconds: Number(values.seconds) }))(), choice('seconds', 'May read, but not write, for', LENGTHS)),
      h('button', { type: 'button', onclick: attempt(then(`${who} was put out.`, () => parlour.delete(`${path(name)}/members/${person.id}`))) }, 'Put out of the room'),
      form('Keep out', (values) => then(`${who} is kept out.`, () => parlour.put(`${path(name)}/bans/${person.id}`, { ...(values.reason && { reason: values.reason }), ...(values.seconds && { seconds: Number(values.seconds) }) }))(), field('reason', 'Put out and keep out: why', { maxlength: 200 }), choice('seconds', 'For how long', [['', 'For ever'], ...LENGTHS])),
    );
  });
}

/** @param {string} name */
export function bans(name) {
  const list = h('ul', { class: 'rows' });
  const load = async () => {
    /** @type {Page<Ban>} */
    const { items } = await parlour.get(`${path(name)}/bans`);
    fill(list, items.length > 0 ? items.map(ban) : h('li', { class: 'quiet' }, 'Nobody is.'));
  };
  const ban = (/** @type {Ban} */ { person, reason, until, at }) => {
    const free = attempt(async () => {
      await parlour.delete(`${path(name)}/bans/${person.id}`);
      toast(`${called(person)} may come back.`);
      await load();
    });
    const words = [reason, until ? `until ${momentOf(until)}` : `since ${ago(at)}`].filter(Boolean).join(' · ');
    return h('li', { class: 'entry' }, avatar(person, 'small'), h('span', { class: 'words' }, h('bdi', null, called(person)), h('small', { dir: 'auto' }, words)), h('button', { type: 'button', onclick: free }, 'Let back in'));
  };
  load().catch((error) => fill(list, h('li', { class: 'quiet' }, sentence(error))));
  return list;
}
