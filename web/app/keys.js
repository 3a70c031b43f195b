// Keys that work everywhere.

import { router } from './router.js';

let listening = false;

/** Begins to listen, once. */
export function listenForKeys() {
  if (listening) return;
  listening = true;
  document.addEventListener('keydown', (event) => {
    if (!document.querySelector('.shell') || event.isComposing) return;
    const { key, altKey, ctrlKey, metaKey, target } = event;
    // On its way before the second key is down, so that what is typed next goes into it.
    if (key === 'Control' || key === 'Meta') void import('./switcher.js').catch(() => {});
    const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
    const act = (ctrlKey || metaKey) && key.toLowerCase() === 'k' ? () => void import('./switcher.js').then(({ openSwitcher }) => openSwitcher())
      : altKey && (key === 'ArrowUp' || key === 'ArrowDown') ? () => step(key === 'ArrowDown' ? 1 : -1)
      : typing || ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') ? null
      : key === '?' ? () => void import('./help.js').then(({ openHelp }) => openHelp())
      : key === '/' ? () => router.go('/app/search')
      : key === 'Escape' ? () => document.querySelector('textarea')?.focus()
      : null;
    if (!act || (key === 'k' && document.querySelector('dialog.switcher'))) return;
    event.preventDefault();
    act();
  });
}

/** Goes to the room above or below. @param {number} by */
function step(by) {
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll('.room-link')]);
  const at = links.findIndex((link) => link.ariaCurrent === 'page');
  const next = links[(at + by + links.length) % links.length];
  if (next) router.go(next.pathname);
}
