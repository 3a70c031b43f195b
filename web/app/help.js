// The sheet with all keys.

import { openDialog } from './dialog.js';
import { h } from './dom.js';

/** @type {[string, string][]} */
const KEYS = [
  ['Ctrl K', 'Go to a room or a person'],
  ['/', 'Search'],
  ['?', 'This sheet'],
  ['Escape', 'Close, cancel; then to the place where you write'],
  ['Enter', 'Send'],
  ['Shift Enter', 'A new line'],
  ['↑', 'Edit your last message, where you have written nothing'],
  ['Alt ↑ ↓', 'The next room up or down'],
  ['↑ ↓', 'From message to message, from room to room'],
  ['r', 'Reply to the message'],
  ['e', 'Edit the message'],
  ['+', 'React to the message'],
  ['Delete', 'Delete the message'],
];

export function openHelp() {
  const rows = KEYS.map(([keys, words]) => h('div', null, h('dt', null, keys.split(' ').map((key) => h('kbd', null, key))), h('dd', null, words)));
  openDialog('Keys', () => h('div', { class: 'dialog-body' }, h('dl', { class: 'keys' }, rows), h('p', { class: 'quiet' }, 'For those who write programs: ', h('a', { href: '/docs' }, 'what they may ask'), '.')));
}
