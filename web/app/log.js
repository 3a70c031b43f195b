// The part of a room's log that is on the screen: never more than a few hundred messages, wherever one scrolls.

import { Emitter } from '../parlour.js';
import { parlour } from './session.js';

/** @import { Event, Message, Timeline, Where } from '../parlour/types.js' */

/** How many messages are kept, and how many are read at once. */
const KEPT = 300;
const PAGE = 60;
/** How many quoted messages outside of the window are remembered. */
const QUOTES = 200;

/** `change` tells that something is to be drawn; `fresh` that a message was added at the end by somebody. */
/** @extends {Emitter<{ change: void, fresh: Message }>} */
export class Log extends Emitter {
  /** @type {Message[]} */
  items = [];
  /** @type {'loading' | 'ready' | 'failed'} */
  state = 'loading';
  before = false;
  after = false;
  /** Up to which seq of the log a message is known, because an event may come later than the page that has it in. */
  /** @type {Map<number, number>} */
  #asOf = new Map();
  /** @type {Map<number, Message | null>} */
  #quotes = new Map();
  /** What happened while a page was on its way. @type {Event[]} */
  #meanwhile = [];
  #turn = 0;
  #reading = false;

  /** @param {string} name */
  constructor(name) {
    super();
    this.name = name;
  }

  /** Reads the newest, or what stands around `at`. @param {number} [at] */
  async open(at) {
    this.state = this.items.length > 0 ? this.state : 'loading';
    await this.#load(at ? { around: at } : {}, (page) => {
      this.items = page.items;
      this.before = page.more_before;
      this.after = page.more_after;
    });
  }

  /** Reads what stands before the first. */
  async older() {
    const first = this.items[0];
    if (!this.before || !first || this.#reading) return;
    await this.#load({ before: first.seq }, (page) => {
      this.items = [...page.items, ...this.items];
      this.before = page.more_before;
      if (this.items.length > KEPT) {
        this.items.length = KEPT;
        this.after = true;
      }
    });
  }

  /** Reads what stands behind the last. */
  async newer() {
    const last = this.items.at(-1);
    if (!this.after || !last || this.#reading) return;
    await this.#load({ after: last.seq }, (page) => {
      this.items = [...this.items, ...page.items];
      this.after = page.more_after;
      this.#cut();
    });
  }

  /** @param {number} seq */
  has(seq) {
    return this.items.some((message) => message.seq === seq);
  }

  /** A message that another answers to; `undefined` while it is on its way, `null` when it is gone. @param {number} seq */
  quoted(seq) {
    const here = this.items.find((message) => message.seq === seq);
    if (here || this.#quotes.has(seq)) return here ?? this.#quotes.get(seq);
    this.#quotes.set(seq, null);
    if (this.#quotes.size > QUOTES) this.#quotes.delete(/** @type {number} */ (this.#quotes.keys().next().value));
    // The next behind the one before: a message that is gone is then no error, only another.
    parlour.messages(this.name, { after: seq - 1, limit: 1 }).then(({ items: [found] }) => {
      this.#quotes.set(seq, found?.seq === seq ? found : null);
      this.emit('change', undefined);
    }, () => {});
    return undefined;
  }

  /** @param {Event} event as the live socket told it */
  apply(event) {
    if (this.#reading || this.state !== 'ready') this.#meanwhile.push(event);
    else this.#happen(event);
  }

  /**
   * @param {Where} where
   * @param {(page: Timeline) => void} put
   */
  async #load(where, put) {
    const turn = (this.#turn += 1);
    this.#reading = true;
    try {
      const page = await parlour.messages(this.name, { ...where, limit: PAGE });
      if (turn !== this.#turn) return;
      for (const { seq } of page.items) this.#asOf.set(seq, page.last_seq);
      put(page);
      this.state = 'ready';
      this.#trim();
    } catch {
      if (turn === this.#turn && this.items.length === 0) this.state = 'failed';
    }
    if (turn !== this.#turn) return;
    this.#reading = false;
    for (const event of this.#meanwhile.splice(0)) this.#happen(event);
    this.emit('change', undefined);
  }

  /** @param {Event} event */
  #happen(event) {
    if (event.type === 'message') this.#add(event);
    else if ('target' in event) this.#alter(event);
  }

  /** @param {Message} message */
  #add(message) {
    const last = this.items.at(-1);
    if (this.after || (last && message.seq <= last.seq)) return;
    this.items = [...this.items, message];
    this.#asOf.set(message.seq, message.seq);
    this.#cut();
    this.emit('fresh', message);
    this.emit('change', undefined);
  }

  /** @param {Extract<Event, { target: number }>} event */
  #alter(event) {
    const { target } = event;
    const quote = this.#quotes.get(target);
    if (quote || event.type === 'deleted') this.#quotes.set(target, quote ? altered(quote, event) : null);
    const index = this.items.findIndex(({ seq }) => seq === target);
    const message = this.items[index];
    if (!message || event.seq <= (this.#asOf.get(target) ?? 0)) return;
    const now = altered(message, event);
    this.items = now ? this.items.with(index, now) : this.items.toSpliced(index, 1);
    this.emit('change', undefined);
  }

  /** Lets go of the oldest. */
  #cut() {
    const over = this.items.length - KEPT;
    if (over <= 0) return;
    this.items = this.items.slice(over);
    this.before = true;
    this.#trim();
  }

  #trim() {
    if (this.#asOf.size < KEPT * 2) return;
    const here = new Set(this.items.map(({ seq }) => seq));
    for (const seq of this.#asOf.keys()) if (!here.has(seq)) this.#asOf.delete(seq);
  }
}

/**
 * A message after something happened to it; `null` when it was deleted.
 * @param {Message} message
 * @param {Extract<Event, { target: number }>} event
 * @returns {Message | null}
 */
function altered(message, event) {
  if (event.type === 'deleted') return null;
  if (event.type === 'edited') return { ...message, text: event.text, edited_at: event.at };
  const { emoji, by: { id }, type } = event;
  const known = message.reactions.find((reaction) => reaction.emoji === emoji) ?? { emoji, count: 0, by: [] };
  const others = known.by.filter((one) => one !== id);
  const now = type === 'reacted'
    ? { emoji, count: known.count + 1, by: [...others, id] }
    : { emoji, count: known.count - 1, by: others };
  const place = message.reactions.indexOf(known);
  const reactions = place < 0 ? [...message.reactions, now] : message.reactions.with(place, now);
  return { ...message, reactions: reactions.filter(({ count }) => count > 0) };
}
