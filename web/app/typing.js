// The line that tells who is writing.

import { h } from './dom.js';
import { called, people } from './people.js';

/** @import { Following } from '../parlour.js' */
/** @import { Name } from '../parlour/types.js' */

/** How long somebody counts as writing after the last word of it, in milliseconds. */
const LASTS = 5_000;

/** @param {Following} following */
export function typingLine(following) {
  const element = h('p', { class: 'typing', dir: 'auto' });
  /** @type {Map<number, { name: Name, timer: ReturnType<typeof setTimeout> }>} */
  const writing = new Map();

  const draw = () => {
    const names = [...writing.values()].map(({ name }) => called(people.get(name)));
    const [first, second] = names;
    const who = names.length > 2 ? 'Several people are' : names.length === 2 ? `${first} and ${second} are` : `${first} is`;
    element.textContent = names.length > 0 ? `${who} writing …` : '';
  };
  /** @param {number} id */
  const stop = (id) => {
    clearTimeout(writing.get(id)?.timer);
    if (writing.delete(id)) draw();
  };
  const offs = [
    following.on('typing', (name) => {
      clearTimeout(writing.get(name.id)?.timer);
      writing.set(name.id, { name, timer: setTimeout(() => stop(name.id), LASTS) });
      draw();
    }),
    following.on('event', (event) => event.type === 'message' && stop(event.author.id)),
    people.on('change', draw),
  ];
  const close = () => {
    for (const off of offs) off();
    for (const id of [...writing.keys()]) stop(id);
  };
  return { element, close };
}
