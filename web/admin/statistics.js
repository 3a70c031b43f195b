// How busy the server is, as it is now and over the last minutes.

import { chart } from './chart.js';
import { fill, h } from '../app/dom.js';
import { sentence } from '../app/forms.js';
import { parlour } from '../app/session.js';
import { lengthOf } from '../app/time.js';

/**
 * @typedef {{
 *   accounts: number, sessions: number, rooms: number, messages: number, connections: number, seats: number,
 *   active_rooms: number, delivered: number, mail_waiting: number, uptime: number, version: string,
 * }} Statistics
 */

/** How often the server is asked, in milliseconds. */
const OFTEN = 2_000;

/** @param {HTMLElement} body */
export function showStatistics(body) {
  const connections = chart('Connections', 'open now');
  const messages = chart('Messages', 'written a second');
  const delivered = chart('Delivered', 'to sockets a second');
  const figures = h('dl', { class: 'figures' });
  const state = h('p', { class: 'quiet', role: 'status' });
  /** @type {{ at: number, told: Statistics } | null} */
  let before = null;

  const look = async () => {
    if (document.hidden) return;
    try {
      /** @type {Statistics} */
      const told = await parlour.get('/admin/statistics');
      const at = performance.now();
      const rate = (/** @type {'messages' | 'delivered'} */ name) => (before ? Math.max(0, told[name] - before.told[name]) / ((at - before.at) / 1000) : null);
      connections.add(told.connections);
      messages.add(rate('messages'));
      delivered.add(rate('delivered'));
      before = { at, told };
      fill(figures, facts(told));
      state.textContent = '';
    } catch (error) {
      state.textContent = sentence(error);
    }
  };
  fill(body, h('div', { class: 'charts' }, connections.element, messages.element, delivered.element), state, figures);
  void look();
  const timer = setInterval(() => void look(), OFTEN);
  return () => clearInterval(timer);
}

/** @param {Statistics} told */
function facts(told) {
  /** @type {[string, string | number][]} */
  const all = [
    ['Accounts', told.accounts], ['Sessions', told.sessions], ['Rooms', told.rooms], ['Messages', told.messages], ['Rooms in use', told.active_rooms],
    ['Seats', told.seats], ['Letters waiting', told.mail_waiting], ['Running for', lengthOf(told.uptime)], ['Version', told.version],
  ];
  return all.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, typeof value === 'number' ? value.toLocaleString() : value)));
}
