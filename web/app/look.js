// The switch between light and dark: as the system has it, or as somebody chose for this browser.

import { tabs } from './tabs.js';

/** @typedef {'system' | 'light' | 'dark'} Look */

/** @returns {Look} */
export function look() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** @param {Look} chosen */
export function choose(chosen) {
  if (chosen === 'system') localStorage.removeItem('parlour.theme');
  else localStorage.setItem('parlour.theme', chosen);
  show(chosen);
  tabs.tell('theme', chosen);
}

/** @param {string} chosen */
function show(chosen) {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

tabs.on('theme', show);
