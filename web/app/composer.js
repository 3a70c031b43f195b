// Where one writes: a text that grows, with a draft that stays, an answer or an edit above it.

import { completeNames } from './completion.js';
import { draftOf, keepDraft } from './drafts.js';
import { fill, h, icon, iconButton, settled } from './dom.js';
import { called, people } from './people.js';
import { parlour, session } from './session.js';
import { tabs } from './tabs.js';
import { complain } from './toast.js';

/** @import { Message } from '../parlour/types.js' */

/** The server takes 4,096 bytes unless it is told otherwise; it has the last word. */
const WARN_BYTES = 3_600;
const MOST_BYTES = 4_096;
/** How often others are told that one writes, in milliseconds. */
const TYPING = 3_000;

export class Composer {
  #name;
  /** @type {{ kind: 'reply' | 'edit', message: Message } | null} */
  #about = null;
  #told = 0;
  #bytes = h('span', { class: 'bytes' });
  #above = h('div', { class: 'about', hidden: true });

  /**
   * @param {string} name of the room
   * @param {string} title as people call it
   * @param {{ lastOwn: () => Message | undefined, sent: () => void }} timeline
   */
  constructor(name, title, timeline) {
    this.#name = name;
    this.sent = timeline.sent;
    this.input = h('textarea', {
      rows: 1, placeholder: `Write to ${title}`, 'aria-label': `Write to ${title}`, dir: 'auto', enterkeyhint: 'send',
      'aria-autocomplete': 'list', 'aria-controls': 'completion',
    });
    this.input.value = draftOf(session.me.id, name);
    this.#names = completeNames(this.input);
    const smile = iconButton('smile', 'Put in an emoji', () => void this.#emoji(smile));
    const send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send' }, icon('send'));
    this.element = h('form', { class: 'composer' }, this.#names.list, this.#above, h('div', { class: 'writing' }, this.input, this.#bytes, smile, send));
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.input.addEventListener('keydown', (event) => this.#key(event, timeline.lastOwn));
    this.input.addEventListener('input', () => this.#changed());
    const { id } = session.me;
    const keep = () => this.#about?.kind !== 'edit' && keepDraft(id, name, this.input.value);
    this.#keep = settled(() => session.isIn && keep(), 300);
    const off = tabs.on('draft', ({ room, text }) => {
      if (room === name && this.#about?.kind !== 'edit' && document.activeElement !== this.input) this.#put(text);
    });
    this.close = () => {
      off();
      if (session.isIn) keep();
    };
    this.#grow();
  }

  #keep;
  #names;

  /** @param {Message} message */
  reply(message) {
    this.#begin('reply', message, `In answer to ${called(people.get(message.author))}`);
  }

  /** @param {Message} message */
  edit(message) {
    this.#begin('edit', message, 'Editing your message');
    this.#put(message.text);
    this.input.setSelectionRange(message.text.length, message.text.length);
  }

  /** @param {'reply' | 'edit'} kind @param {Message} message @param {string} words */
  #begin(kind, message, words) {
    if (this.#about?.kind === 'edit') this.#put(draftOf(session.me.id, this.#name));
    this.#about = { kind, message };
    const text = h('bdi', { class: 'said' }, message.text.slice(0, 200));
    fill(this.#above, icon(kind === 'edit' ? 'pen' : 'reply'), h('span', { class: 'words' }, h('b', null, words), ' ', text), iconButton('close', 'Cancel', () => this.#cancel()));
    this.#above.hidden = false;
    this.input.focus();
  }

  #cancel() {
    const edited = this.#about?.kind === 'edit';
    this.#about = null;
    this.#above.hidden = true;
    if (edited) this.#put(draftOf(session.me.id, this.#name));
    this.input.focus();
  }

  #send() {
    const text = this.input.value.trim();
    const about = this.#about;
    if (text === '' || bytes(text) > MOST_BYTES) return;
    if (about?.kind === 'edit') {
      if (text !== about.message.text) parlour.edit(this.#name, about.message.seq, text).catch(complain);
    } else {
      session.outbox.add(this.#name, text, about?.message.seq ?? null);
      keepDraft(session.me.id, this.#name, '');
      this.#put('');
    }
    if (about) this.#cancel();
    if (about?.kind !== 'edit') this.sent();
  }

  /** @param {KeyboardEvent} event @param {() => Message | undefined} lastOwn */
  #key(event, lastOwn) {
    // What an input method is composing is its own business.
    if (event.isComposing || this.#names.key(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === 'ArrowUp' && this.input.value === '' && !this.#about) {
      const message = lastOwn();
      if (!message) return;
      event.preventDefault();
      this.edit(message);
    } else if (event.key === 'Escape' && this.#about) {
      event.stopPropagation();
      this.#cancel();
    }
  }

  #changed() {
    this.#grow();
    this.#keep();
    const now = Date.now();
    if (this.input.value === '' || this.#about?.kind === 'edit' || now - this.#told < TYPING) return;
    this.#told = now;
    parlour.live.say({ type: 'typing', room: this.#name });
  }

  /** @param {string} text */
  #put(text) {
    this.input.value = text;
    this.#grow();
  }

  #grow() {
    const length = bytes(this.input.value);
    this.#bytes.textContent = length > WARN_BYTES ? String(MOST_BYTES - length) : '';
    this.#bytes.classList.toggle('over', length > MOST_BYTES);
    if (CSS.supports('field-sizing', 'content')) return;
    this.input.style.height = 'auto';
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  /** @param {HTMLElement} beside */
  async #emoji(beside) {
    const { pickEmoji } = await import('./emoji.js');
    const emoji = await pickEmoji(beside);
    if (emoji) this.input.setRangeText(emoji, this.input.selectionStart, this.input.selectionEnd, 'end');
    this.input.focus();
    this.#changed();
  }
}

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text).length;
