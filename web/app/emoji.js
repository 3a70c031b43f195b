// A small picker of emojis: by eye, by name, by arrow keys, or typed in.

import { fill, h } from './dom.js';
import { rove } from './roving.js';

/** With the words by which they are found. */
const EMOJIS = Object.entries({
  '👍': 'thumbs up yes good like', '👎': 'thumbs down no bad', '❤️': 'heart love red', '😂': 'tears joy laugh lol', '🎉': 'party tada celebrate', '😊': 'smile happy blush', '🙏': 'thanks please pray', '👀': 'eyes look watching',
  '🔥': 'fire hot great', '✅': 'check done yes', '❌': 'cross no wrong', '🚀': 'rocket ship launch', '💯': 'hundred perfect', '👏': 'clap applause bravo', '🙌': 'hands hooray praise', '🤔': 'thinking hmm',
  '😄': 'grin happy laugh', '😅': 'sweat phew relief', '🤣': 'rolling laugh rofl', '😍': 'heart eyes love', '😎': 'cool sunglasses', '😢': 'cry sad tear', '😭': 'sob cry loud', '😮': 'wow surprised open mouth',
  '😱': 'scream fear shock', '😡': 'angry mad red', '🥳': 'party face birthday', '😴': 'sleep tired zzz', '🤷': 'shrug dunno', '🤦': 'facepalm', '👋': 'wave hello bye hi', '👌': 'ok perfect fine',
  '💪': 'strong muscle arm', '🤝': 'handshake deal agree', '✨': 'sparkles shiny new', '⭐': 'star favourite', '💡': 'idea light bulb', '☕': 'coffee tea break', '🍰': 'cake birthday', '🌱': 'plant seedling grow',
  '🐛': 'bug insect', '⏰': 'clock alarm time',
});
const ACROSS = 7;

/**
 * Asks for an emoji; `null` if none is wanted.
 * @param {HTMLElement} beside
 * @returns {Promise<string | null>}
 */
export function pickEmoji(beside) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    /** @type {string | null} */
    let chosen = null;
    const take = (/** @type {string} */ emoji) => {
      chosen = emoji;
      dialog.close();
    };
    const input = h('input', { type: 'search', placeholder: 'Search, or type any emoji', 'aria-label': 'Search for an emoji, or type one', maxlength: 32 });
    const grid = h('div', { class: 'emoji-grid', role: 'group', 'aria-label': 'Emojis' });
    const settle = rove(grid, 'button', { across: ACROSS });
    const draw = () => {
      const words = input.value.trim().toLowerCase();
      const found = EMOJIS.filter(([emoji, names]) => words === '' || emoji === words || names.split(' ').some((name) => name.startsWith(words)));
      const own = found.length === 0 && isEmoji(words) ? [/** @type {[string, string]} */ ([words, 'the one you typed'])] : found;
      fill(grid, own.map(([emoji, names]) => h('button', { type: 'button', tabindex: -1, title: names, 'aria-label': names, onclick: () => take(emoji) }, emoji)));
      if (own.length === 0) fill(grid, h('p', { class: 'quiet' }, 'None of ours is called so.'));
      settle();
    };
    input.addEventListener('input', draw);
    input.addEventListener('keydown', (event) => {
      const first = grid.querySelector('button');
      if (event.key === 'Enter') first?.click();
      else if (event.key === 'ArrowDown') first?.focus();
      else return;
      event.preventDefault();
    });
    const dialog = h('dialog', { class: 'emoji-picker', 'aria-label': 'Choose an emoji' }, input, grid);
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
      resolve(chosen);
    });
    draw();
    document.body.append(dialog);
    dialog.showModal();
    place(dialog, beside.getBoundingClientRect());
  });
}

/** Text that has a picture in it and no letters. @param {string} text */
const isEmoji = (text) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text) && !/[\p{L}\s]/u.test(text);

/** Beside what was pressed, within the window. @param {HTMLElement} dialog @param {DOMRect} near */
function place(dialog, near) {
  const { width, height } = dialog.getBoundingClientRect();
  const left = Math.max(8, Math.min(near.right - width, innerWidth - width - 8));
  const above = near.top - height - 6;
  const top = above > 8 ? above : Math.max(8, Math.min(near.bottom + 6, innerHeight - height - 8));
  dialog.style.left = `${left}px`;
  dialog.style.top = `${top}px`;
}
