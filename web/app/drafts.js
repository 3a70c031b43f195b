// Texts that somebody began and did not send, by account and room.

import { tabs } from './tabs.js';

/** @param {number} account @param {string} room */
const name = (account, room) => `parlour.draft.${account}.${room}`;

/** @param {number} account @param {string} room */
export const draftOf = (account, room) => localStorage.getItem(name(account, room)) ?? '';

/** @param {number} account @param {string} room @param {string} text */
export function keepDraft(account, room, text) {
  if (text) localStorage.setItem(name(account, room), text);
  else localStorage.removeItem(name(account, room));
  tabs.tell('draft', { room, text });
}

/** @param {number} account */
export function forgetDrafts(account) {
  const prefix = name(account, '');
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}
