// Messages on their way: each has a key, so that it is sent once however often it is tried, and in order.

import { Emitter } from './emitter.js';
import { Offline, Problem } from './problem.js';

/** @import { Unsent } from './types.js' */

/**
 * `change` names the room in which something came, went or failed.
 * @extends {Emitter<{ change: string }>}
 */
export class Outbox extends Emitter {
  #post;
  #keep;
  #prefix;
  /** @type {Map<string, Unsent>} */
  #unsent = new Map();
  /** Rooms that are being worked off. @type {Set<string>} */
  #busy = new Set();

  /**
   * @param {(unsent: Unsent) => Promise<{ seq: number }>} post
   * @param {Storage | null} keep where messages outlive the page, if anywhere. Tabs share it: whoever is first sends
   * @param {string} owner keeps the accounts of one browser apart
   */
  constructor(post, keep, owner) {
    super();
    this.#post = post;
    this.#keep = keep;
    this.#prefix = `parlour.outbox.${owner}.`;
    this.#read();
  }

  /**
   * What is not in the log yet, the oldest first.
   * @param {string} room
   */
  of(room) {
    return [...this.#unsent.values()].filter((unsent) => unsent.room === room).sort((a, b) => a.at - b.at);
  }

  /**
   * Puts a message in and begins to send.
   * @param {string} room
   * @param {string} text
   * @param {number | null} replyTo
   */
  add(room, text, replyTo = null) {
    const last = Math.max(0, ...[...this.#unsent.values()].map(({ at }) => at));
    const at = Math.max(Date.now(), last + 1);
    /** @type {Unsent} */
    const unsent = { key: key(), room, text, reply_to: replyTo, at, state: 'waiting', problem: null, seq: null };
    this.#put(unsent);
    void this.#work(room);
    return unsent;
  }

  /** Tries everything that waits; to be called when the server can be reached again. */
  wake() {
    for (const room of new Set([...this.#unsent.values()].map((unsent) => unsent.room))) void this.#work(room);
  }

  /** @param {string} key of one that failed */
  retry(key) {
    const unsent = this.#unsent.get(key);
    if (unsent?.state !== 'failed') return;
    this.#put({ ...unsent, state: 'waiting', problem: null });
    void this.#work(unsent.room);
  }

  /**
   * Forgets a message: it was given up, or has been seen in the log.
   * @param {string} key
   */
  settle(key) {
    const unsent = this.#unsent.get(key);
    if (!unsent) return;
    this.#unsent.delete(key);
    this.#keep?.removeItem(this.#prefix + key);
    this.emit('change', unsent.room);
  }

  /** Forgets everything. */
  clear() {
    for (const key of [...this.#unsent.keys()]) this.settle(key);
  }

  /** One after the other, because a later message may not overtake one that is refused for the moment. */
  async #work(/** @type {string} */ room) {
    if (this.#busy.has(room)) return;
    this.#busy.add(room);
    let pause = null;
    for (let next; pause === null && (next = this.of(room).find(({ state }) => state === 'waiting')); ) {
      pause = await this.#send(next);
    }
    this.#busy.delete(room);
    if (pause) setTimeout(() => void this.#work(room), pause);
  }

  /**
   * How long to wait before the next, in milliseconds: `null` is not at all, 0 until somebody wakes us.
   * @param {Unsent} unsent
   */
  async #send(unsent) {
    this.#put({ ...unsent, state: 'sending', problem: null });
    try {
      const { seq } = await this.#post(unsent);
      if (this.#unsent.has(unsent.key)) this.#put({ ...unsent, state: 'sent', seq });
      return null;
    } catch (error) {
      const passing = error instanceof Offline || (error instanceof Problem && error.passing);
      if (this.#unsent.has(unsent.key)) {
        const problem = error instanceof Offline ? null : error instanceof Error ? error.message : String(error);
        this.#put({ ...unsent, state: passing ? 'waiting' : 'failed', problem });
      }
      if (error instanceof Problem && passing) return 1000 * (error.retryAfter ?? 2);
      return passing ? 0 : null;
    }
  }

  /** @param {Unsent} unsent */
  #put(unsent) {
    this.#unsent.set(unsent.key, unsent);
    if (unsent.state === 'sent') this.#keep?.removeItem(this.#prefix + unsent.key);
    else this.#keep?.setItem(this.#prefix + unsent.key, JSON.stringify(unsent));
    this.emit('change', unsent.room);
  }

  #read() {
    for (let index = 0; index < (this.#keep?.length ?? 0); index += 1) {
      const name = this.#keep?.key(index) ?? '';
      if (!name.startsWith(this.#prefix)) continue;
      const unsent = JSON.parse(this.#keep?.getItem(name) ?? 'null');
      this.#unsent.set(unsent.key, { ...unsent, state: unsent.state === 'failed' ? 'failed' : 'waiting' });
    }
  }
}

/** 128 random bits. Unlike `randomUUID` this works on pages without TLS, too. */
export function key() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('');
}
