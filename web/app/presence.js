// Who is here and who is not: a list that draws only what can be seen of it.

import { avatar } from './avatar.js';
import { fill, h, soon } from './dom.js';
import { called, people } from './people.js';

/** @import { Following } from '../parlour.js' */

/** Height of a row in pixels, as the style sheet has it. */
const ROW = 40;
/** Rows drawn above and below of what is seen. */
const BEYOND = 6;

/** @param {Following} following @param {(id: number) => void} chosen */
export function presence(following, chosen) {
  const count = h('h2', { class: 'aside-title' });
  const list = h('ul', { class: 'present', 'aria-label': 'People who are here' });
  const space = h('div', { class: 'present-space' }, list);
  const scroller = h('div', { class: 'present-scroller' }, space);

  const draw = soon(() => {
    const all = [...following.people.values()].sort((a, b) => a.username.localeCompare(b.username));
    fill(count, 'Here now ', h('span', { class: 'count' }, following.present));
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - BEYOND);
    const shown = all.slice(first, first + Math.ceil((scroller.clientHeight || 800) / ROW) + 2 * BEYOND);
    space.style.height = `${all.length * ROW}px`;
    list.style.transform = `translateY(${first * ROW}px)`;
    fill(list, shown.map((name) => {
      const person = people.get(name);
      const act = () => chosen(person.id);
      return h('li', null, h('button', { type: 'button', class: 'person', onclick: act }, avatar(person, 'small present-dot'), h('bdi', { class: 'name' }, called(person))));
    }));
    const unlisted = following.present - all.length;
    more.textContent = unlisted > 0 ? `and ${unlisted} more` : '';
  });
  const more = h('p', { class: 'quiet more' });
  scroller.addEventListener('scroll', draw, { passive: true });
  const offs = [following.on('presence', draw), people.on('change', draw)];
  draw();
  return { element: h('aside', { class: 'people', 'aria-label': 'People' }, count, scroller, more), close: () => offs.forEach((off) => off()), draw };
}
