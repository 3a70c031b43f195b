// What somebody wrote, as nodes: links, mentions, and large emojis. Never as markup.

import { h } from './dom.js';
import { session } from './session.js';

const PIECES = /(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}_@])(@[\p{L}\p{N}_][\p{L}\p{N}_.+-]*)/gu;
/** What ends a sentence and not an address. */
const TRAILING = /[.,;:!?'"”’»)\]]+$/;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{FE0F}\u{200D}]*){1,3}$/u;

/** @param {string} text */
export function rich(text) {
  const found = [...text.matchAll(PIECES)];
  let at = 0;
  /** @type {(Node | string)[]} */
  const parts = [];
  for (const { 0: whole, 1: link, index } of found) {
    const shown = link ? trimmed(whole) : whole.replace(/[.+-]+$/, '');
    const node = link ? anchor(shown) : mention(shown);
    if (!node) continue;
    parts.push(text.slice(at, index), node);
    at = index + shown.length;
  }
  return [...parts, text.slice(at)].filter((part) => part !== '');
}

/** Whether a text is nothing but one to three emojis. @param {string} text */
export const isOnlyEmoji = (text) => ONLY_EMOJI.test(text.trim().replaceAll(' ', ''));

/** Whether a text speaks to whoever is logged in. @param {string} text */
export function mentionsMe(text) {
  const name = `@${session.me.username}`.toLowerCase();
  const at = text.toLowerCase().indexOf(name);
  return at >= 0 && !/[\p{L}\p{N}_]/u.test(text[at + name.length] ?? ' ');
}

/** A bracket that was opened within an address belongs to it. @param {string} link */
function trimmed(link) {
  const end = TRAILING.exec(link)?.[0] ?? '';
  const short = link.slice(0, link.length - end.length);
  return end.startsWith(')') && short.includes('(') && !short.includes(')') ? `${short})` : short;
}

/** @param {string} address */
function anchor(address) {
  return URL.canParse(address) ? h('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, address) : null;
}

/** @param {string} name with its `@` */
function mention(name) {
  const mine = name.slice(1).toLowerCase() === session.me.username.toLowerCase();
  return h('span', { class: mine ? 'mention mine' : 'mention' }, name);
}
