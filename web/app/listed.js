// Lists that are read page by page, and searched where there is a field for it.

import { fill, h, icon, settled } from './dom.js';
import { sentence } from './forms.js';

/** @import { Page } from '../parlour/types.js' */

/**
 * @template T
 * @param {(after: string | null) => Promise<Page<T>>} load
 * @param {(item: T, again: () => void) => HTMLElement} row
 * @param {string} none what stands there instead of nothing
 * @returns {{ parts: HTMLElement[], again: () => void }} what is shown, and what reads it anew
 */
export function pagedList(load, row, none) {
  const list = h('ul', { class: 'rows' });
  const more = h('button', { type: 'button', hidden: true }, 'Show more');
  let turn = 0;
  /** @param {string | null} after */
  const read = async (after) => {
    const mine = (turn += 1);
    try {
      const { items, next } = await load(after);
      if (mine !== turn) return;
      if (!after) fill(list);
      list.append(...items.map((item) => row(item, again)));
      if (!list.firstElementChild) fill(list, h('li', { class: 'quiet none' }, none));
      more.hidden = next === null;
      more.onclick = () => void read(next);
    } catch (error) {
      if (mine === turn) fill(list, h('li', { class: 'quiet none' }, sentence(error)));
    }
  };
  const again = () => void read(null);
  again();
  return { parts: [list, more], again };
}

/**
 * @template T
 * @param {string} label of the search
 * @param {(q: string, after: string | null) => Promise<Page<T>>} load
 * @param {(item: T, again: () => void) => HTMLElement} row
 * @param {string} none
 */
export function searchedList(label, load, row, none) {
  const input = h('input', { type: 'search', placeholder: label, 'aria-label': label, autocomplete: 'off' });
  const { parts, again } = pagedList((after) => load(input.value.trim(), after), row, none);
  input.addEventListener('input', settled(again, 250));
  return h('div', null, h('div', { class: 'search-field' }, icon('search'), input), parts);
}
