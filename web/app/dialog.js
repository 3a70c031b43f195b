// Dialogs: one thing at a time, closed by Escape, by a click beside it, or by its button.

import { fill, h, iconButton } from './dom.js';

/** @import { Child } from './dom.js' */

let number = 0;

/**
 * Opens a dialog. The focus goes into it and comes back when it closes.
 * @param {string} title
 * @param {(close: () => void) => Child} content
 * @param {{ class?: string, bare?: boolean }} [look] a bare one shows no title, and still has it as its name
 */
export function openDialog(title, content, look = {}) {
  const before = document.activeElement;
  const id = `dialog-${(number += 1)}`;
  const dialog = h('dialog', { class: `dialog ${look.class ?? ''}`, 'aria-labelledby': id });
  const close = () => dialog.close();
  const heading = h('h2', { id, class: look.bare ? 'unseen' : '' }, title);
  fill(
    dialog,
    h('header', { class: look.bare ? 'unseen-header' : 'dialog-head' }, heading, !look.bare && iconButton('close', 'Close', close)),
    content(close),
  );
  dialog.addEventListener('click', (event) => event.target === dialog && close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  // Into the first field, where there is one, and not onto the button that closes.
  const first = dialog.querySelector('.dialog-body :is(input, select, textarea)');
  if (first instanceof HTMLElement) first.focus();
  return dialog;
}

/**
 * Asks before something that cannot be undone; whether it shall be done.
 * @param {string} title
 * @param {string} text
 * @param {string} label of the button that does it
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, label) {
  return new Promise((resolve) => {
    let sure = false;
    const dialog = openDialog(title, (close) => {
      const yes = () => {
        sure = true;
        close();
      };
      return h(
        'div',
        { class: 'dialog-body' },
        h('p', { dir: 'auto' }, text),
        h(
          'div',
          { class: 'buttons' },
          h('button', { type: 'button', onclick: close }, 'Cancel'),
          h('button', { type: 'button', class: 'danger', onclick: yes }, label),
        ),
      );
    }, { class: 'small' });
    dialog.addEventListener('close', () => resolve(sure));
  });
}
