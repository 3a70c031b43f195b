// Texts that somebody began and did not send, by account and room.

import { Emitter } from '../parlour.js';
import { tabs } from './tabs.js';

/** Tells when a draft of this tab has changed. @type {Emitter<{ change: void }>} */
export const drafts = new Emitter();

/** @param {number} account @param {string} room */
const name = (account, room) => `parlour.draft.${account}.${room}`;

/** @param {number} account @param {string} room */
export const draftOf = (account, room) => localStorage.getItem(name(account, room)) ?? '';

/** @param {number} account @param {string} room @param {string} text */
export function keepDraft(account, room, text) {
  if (text === draftOf(account, room)) return;
  if (text) localStorage.setItem(name(account, room), text);
  else localStorage.removeItem(name(account, room));
  drafts.emit('change', undefined);
  tabs.tell('draft', { room, text });
}

/** @param {number} account */
export function forgetDrafts(account) {
  const prefix = name(account, '');
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}
