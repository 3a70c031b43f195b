// A card about somebody.

import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { h, icon } from './dom.js';
import { startDirect } from './find.js';
import { called } from './people.js';
import { parlour, session } from './session.js';
import { complain } from './toast.js';

/** @import { Person } from '../parlour/types.js' */

/** @param {number} id */
export async function showPerson(id) {
  try {
    /** @type {Person} */
    const person = await parlour.get(`/accounts/${id}`);
    openDialog(called(person), (close) => {
      const write = () => {
        close();
        void startDirect(id);
      };
      const own = id === session.me.id;
      return h(
        'div',
        { class: 'dialog-body person-card' },
        avatar(person, 'huge'),
        h('p', { class: 'big', dir: 'auto' }, called(person)),
        h('p', { class: 'quiet', dir: 'auto' }, `@${person.username}`),
        person.bio && h('p', { class: 'bio', dir: 'auto' }, person.bio),
        own ? h('a', { class: 'button', href: '/app/account', onclick: close }, 'Your account') : h('button', { type: 'button', class: 'primary', onclick: write }, icon('chat'), 'Write'),
      );
    }, { class: 'small', bare: true });
  } catch (error) {
    complain(error);
  }
}
