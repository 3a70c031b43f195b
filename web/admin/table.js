// A searched list that is read page by page.

import { fill, h, icon, settled } from '../app/dom.js';
import { sentence } from '../app/forms.js';

/** @import { Page } from '../parlour/types.js' */

/**
 * @template T
 * @param {string | null} label of the search; `null` where there is none
 * @param {string} initial what is searched for at first
 * @param {(q: string, after: string | null) => Promise<Page<T>>} load
 * @param {(item: T, again: () => void) => HTMLElement} row
 * @param {string} none
 */
export function searchedList(label, initial, load, row, none) {
  const list = h('ul', { class: 'rows' });
  const more = h('button', { type: 'button', hidden: true }, 'Show more');
  const input = h('input', { type: 'search', placeholder: label ?? '', 'aria-label': label ?? '', value: initial, autocomplete: 'off' });
  let turn = 0;
  /** @param {string | null} after */
  const read = async (after) => {
    const mine = (turn += 1);
    try {
      const { items, next } = await load(input.value.trim(), after);
      if (mine !== turn) return;
      if (!after) fill(list);
      list.append(...items.map((item) => row(item, () => void read(null))));
      if (!list.firstElementChild) fill(list, h('li', { class: 'quiet none' }, none));
      more.hidden = next === null;
      more.onclick = () => void read(next);
    } catch (error) {
      if (mine === turn) fill(list, h('li', { class: 'quiet none' }, sentence(error)));
    }
  };
  input.addEventListener('input', settled(() => void read(null), 250));
  void read(null);
  return h('div', null, label !== null && h('div', { class: 'search-field' }, icon('search'), input), list, more);
}
