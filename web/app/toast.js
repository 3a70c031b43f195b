// Short words at the foot of the page: something was done, or could not be.

import { byId, h } from './dom.js';

/** How long a word stays, in milliseconds; one with a button longer, because a hand must get there. */
const STAYS = 4_000;
const STAYS_WITH_BUTTON = 7_000;

/**
 * @param {string} text
 * @param {{ label: string, action: () => void } | null} [button]
 */
export function toast(text, button = null) {
  const gone = () => element.remove();
  const press = () => {
    gone();
    button?.action();
  };
  const element = h('div', { class: 'toast' }, h('span', { dir: 'auto' }, text), button && h('button', { type: 'button', onclick: press }, button.label));
  byId('toasts').append(element);
  setTimeout(gone, button ? STAYS_WITH_BUTTON : STAYS);
}

/** Says what went wrong. @param {unknown} error */
export function complain(error) {
  toast(error instanceof Error ? error.message : String(error));
}

/** Runs what a button asks for, and says so when it fails. @param {() => Promise<unknown>} work */
export function attempt(work) {
  return () => void work().catch(complain);
}
