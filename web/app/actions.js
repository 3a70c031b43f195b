// What can be done with a message: the small bar at the row that is looked at, and its keys.

import { confirmed } from './dialog.js';
import { h, iconButton } from './dom.js';
import { router, roomAddress } from './router.js';
import { parlour, session } from './session.js';
import { attempt, complain, toast } from './toast.js';

/** @import { Log } from './log.js' */
/** @import { Message, Room } from '../parlour/types.js' */
/** @import { Composer } from './composer.js' */

/**
 * @param {HTMLElement} scroller
 * @param {Log} log
 * @param {() => Room} room
 * @param {Composer} composer
 */
export function messageActions(scroller, log, room, composer) {
  const bar = h('div', { class: 'actions', role: 'toolbar', 'aria-label': 'Actions' });
  /** @type {HTMLElement | null} */
  let at = null;

  /** @param {HTMLElement | null} row */
  const message = (row) => log.items.find(({ seq }) => String(seq) === row?.dataset.seq);

  /** @param {EventTarget | null} target */
  const show = (target) => {
    const row = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest('.message')) : null;
    const shown = message(row);
    if (!row || !shown || (row === at && bar.isConnected)) return;
    at = row;
    bar.replaceChildren(...buttons(shown));
    row.append(bar);
  };

  /** @param {Message} shown */
  const buttons = (shown) => {
    const found = [
      iconButton('smile', 'React', () => react(shown, bar)),
      iconButton('reply', 'Reply', () => composer.reply(shown)),
      may(shown).edit && iconButton('pen', 'Edit', () => composer.edit(shown)),
      iconButton('link', 'Copy link', () => copy(room().name, shown)),
      may(shown).erase && iconButton('trash', 'Delete', () => void erase(room().name, shown)),
    ];
    return found.filter((button) => button instanceof Node);
  };

  /** @param {Message} shown */
  const may = (shown) => {
    const mine = shown.author.id === session.me.id;
    const moderates = ['owner', 'moderator'].includes(room().me?.role ?? '') || session.me.admin_level >= 2;
    return { edit: mine, erase: mine || (moderates && room().visibility !== 'direct') };
  };

  /** @param {Message} shown @param {HTMLElement} beside */
  const react = async (shown, beside) => {
    const { pickEmoji } = await import('./emoji.js');
    const emoji = await pickEmoji(beside);
    if (emoji) parlour.react(room().name, shown.seq, emoji, true).catch(complain);
  };

  scroller.addEventListener('pointerover', (event) => event.pointerType === 'mouse' && show(event.target));
  scroller.addEventListener('focusin', (event) => show(event.target));
  scroller.addEventListener('pointerleave', () => {
    if (!at?.contains(document.activeElement)) bar.remove();
  });
  scroller.addEventListener('keydown', (event) => {
    const row = event.target instanceof HTMLElement && event.target.matches('.message') ? event.target : null;
    const shown = message(row);
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = /** @type {Record<string, () => unknown>} */ ({
      r: () => composer.reply(shown),
      '+': () => react(shown, bar),
      ...(may(shown).edit && { e: () => composer.edit(shown) }),
      ...(may(shown).erase && { Delete: () => erase(room().name, shown), Backspace: () => erase(room().name, shown) }),
    });
    if (!acts[event.key]) return;
    event.preventDefault();
    void acts[event.key]?.();
  });
}

/** @param {string} name @param {Message} message */
async function erase(name, message) {
  const sure = await confirmed('Delete this message?', message.text.slice(0, 200), 'Delete');
  if (sure) parlour.erase(name, message.seq).catch(complain);
}

/** @param {string} name @param {Message} message */
function copy(name, message) {
  const address = location.origin + roomAddress(name, message.seq);
  attempt(async () => {
    if (navigator.clipboard) await navigator.clipboard.writeText(address);
    else router.go(roomAddress(name, message.seq));
    toast(navigator.clipboard ? 'The link is copied.' : 'The address above leads to this message.');
  })();
}
