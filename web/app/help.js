// The sheet with all keys.

import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { KEYS } from './keys.js';

export function openHelp() {
  const rows = KEYS.map(([keys, words]) => h('div', null, h('dt', null, keys.split(' ').map((key) => h('kbd', null, key))), h('dd', null, words)));
  openDialog('Keys', () => h('div', { class: 'dialog-body' }, h('dl', { class: 'keys' }, rows), h('p', { class: 'quiet' }, 'For those who write programs: ', h('a', { href: '/docs' }, 'what they may ask'), '.')));
}
