// A small line over time, drawn by hand.

import { h, svg } from '../app/dom.js';

const KEPT = 90;
const [WIDTH, HEIGHT] = [300, 80];

/** @param {string} title @param {string} unit */
export function chart(title, unit) {
  /** @type {number[]} */
  const values = [];
  const now = h('span', { class: 'chart-now' }, '–');
  const most = h('span', { class: 'quiet' });
  const image = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const area = svg('path', { class: 'chart-area' });
  const line = svg('path', { class: 'chart-line', 'vector-effect': 'non-scaling-stroke' });
  image.append(area, line);

  /** @param {number | null} value `null` where it is not known yet */
  const add = (value) => {
    if (value === null) return;
    values.push(value);
    if (values.length > KEPT) values.shift();
    const top = Math.max(1, ...values);
    const points = values.map((one, index) => `${x(index + KEPT - values.length)},${(HEIGHT - 2 - (one / top) * (HEIGHT - 8)).toFixed(1)}`);
    line.setAttribute('d', `M${points.join('L')}`);
    area.setAttribute('d', `M${x(KEPT - values.length)},${HEIGHT}L${points.join('L')}L${WIDTH},${HEIGHT}Z`);
    now.textContent = short(value);
    most.textContent = `at most ${short(top)}`;
  };
  const element = h('figure', { class: 'chart' }, h('figcaption', null, h('span', null, title), now, h('span', { class: 'quiet' }, unit), most), image);
  return { element, add };
}

/** @param {number} index */
const x = (index) => ((index / (KEPT - 1)) * WIDTH).toFixed(1);

/** @param {number} value */
const short = (value) => value.toLocaleString(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 });
