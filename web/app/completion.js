// Names while they are typed: `@ad` offers people, by arrow keys and Enter.

import { avatar } from './avatar.js';
import { fill, h, settled } from './dom.js';
import { called, people } from './people.js';
import { parlour } from './session.js';

/** @import { Person } from '../parlour/types.js' */

const MOST = 8;

/**
 * @param {HTMLTextAreaElement} input
 * @returns {{ list: HTMLElement, key: (event: KeyboardEvent) => boolean, close: () => void }} `key` takes a key if it
 * is the list's
 */
export function completeNames(input) {
  const list = h('ul', { class: 'completion', role: 'listbox', id: 'completion', 'aria-label': 'People', hidden: true });
  /** @type {Person[]} */
  let offered = [];
  let chosen = 0;

  /** What is typed behind the last `@` before the caret; `null` if that is no name. */
  const typed = () => /(?:^|[\s(])@([^\s@]{0,40})$/u.exec(input.value.slice(0, input.selectionStart))?.[1] ?? null;

  const close = () => {
    list.hidden = true;
    offered = [];
    input.removeAttribute('aria-activedescendant');
  };

  const draw = () => {
    list.hidden = offered.length === 0;
    fill(list, offered.map((person, index) => option(person, index)));
    if (!list.hidden) input.setAttribute('aria-activedescendant', `completion-${chosen}`);
  };

  /** @param {Person} person @param {number} index */
  const option = (person, index) => h(
    'li',
    {
      role: 'option', id: `completion-${index}`, 'aria-selected': index === chosen,
      onpointerdown: (/** @type {Event} */ event) => {
        event.preventDefault();
        take(person);
      },
    },
    avatar(person, 'tiny'),
    h('bdi', { class: 'name' }, called(person)),
    person.display_name && h('bdi', { class: 'quiet' }, `@${person.username}`),
  );

  /** @param {Person} person */
  const take = (person) => {
    const at = input.selectionStart;
    const start = at - (typed() ?? '').length;
    input.setRangeText(`${person.username} `, start, at, 'end');
    close();
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };

  /** @param {Person[]} found */
  const offer = (found) => {
    offered = found.slice(0, MOST);
    chosen = Math.min(chosen, Math.max(0, offered.length - 1));
    draw();
  };

  const ask = settled(async (/** @type {string} */ start) => {
    if (start === '') return;
    const { items } = await parlour.findPeople(start).catch(() => ({ items: [] }));
    people.learn(items);
    if (typed() === start) offer(unique([...people.beginning(start), ...items]));
  }, 120);

  input.addEventListener('input', () => {
    const start = typed();
    if (start === null) return close();
    chosen = 0;
    offer(people.beginning(start));
    ask(start);
  });
  input.addEventListener('blur', close);

  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const person = offered[chosen];
    // A name that stands there already needs no completing.
    if (event.key === 'Enter' && person?.username.toLowerCase() === typed()?.toLowerCase()) {
      close();
      return false;
    }
    if (step) {
      chosen = (chosen + step + offered.length) % offered.length;
      draw();
    } else if (event.key === 'Escape') close();
    else if ((event.key === 'Enter' || event.key === 'Tab') && person) take(person);
    else return false;
    event.preventDefault();
    return true;
  };

  return { list, key, close };
}

/** @param {Person[]} found */
const unique = (found) => [...new Map(found.map((person) => [person.id, person])).values()];
