// One room on the live socket: its events in order, each once, and the people who are there.

import { Emitter } from './emitter.js';

/** @import { Event, Log, Name, Since } from './types.js' */

/**
 * `event` comes for every seq once and in order. `reset` means that the log from here on cannot be told without a gap:
 * read the room anew. `ended` says why the room is no longer followed.
 * @extends {Emitter<{ event: Event, reset: void, live: void, presence: void, typing: Name, read: number, ended: string }>}
 */
export class Following extends Emitter {
  #hole;
  /** What came too early, by seq. @type {Map<number, Event>} */
  #held = new Map();
  #mending = false;

  /**
   * @param {string} room
   * @param {Since | null} since what the caller has already
   * @param {(room: string, after: number) => Promise<Log>} hole reads a part of the log
   */
  constructor(room, since, hole) {
    super();
    this.room = room;
    this.since = since;
    this.#hole = hole;
    /** Whether the server tells us of this room at the moment. */
    this.live = false;
    /** Who is there, as far as the server lists them. @type {Map<number, Name>} */
    this.people = new Map();
    /** How many are there. */
    this.present = 0;
  }

  /** @param {any} frame the answer `subscribed` */
  subscribed(frame) {
    const told = { epoch: String(frame.epoch), seq: Number(frame.seq) };
    const lost = this.since !== null && !frame.recovered;
    if (this.since === null || lost) this.since = told;
    this.live = true;
    this.#held.clear();
    this.people = new Map(frame.present.people.map((/** @type {Name} */ one) => [one.id, one]));
    this.present = frame.present.count;
    this.emit('presence', undefined);
    this.emit(lost ? 'reset' : 'live', undefined);
  }

  /** @param {any} frame what the server says of this room by itself */
  hear(frame) {
    if (frame.type === 'event') this.#take(frame.event);
    else if (frame.type === 'joined') this.#come(frame.person);
    else if (frame.type === 'left') this.#go(frame.person);
    else if (frame.type === 'typing') this.emit('typing', frame.person);
    else if (frame.type === 'read') this.emit('read', frame.seq);
  }

  /** The line is down: nobody is known to be there. */
  broken() {
    this.live = false;
    this.#held.clear();
  }

  /** @param {Event} event */
  #take(event) {
    if (!this.since || event.seq <= this.since.seq) return;
    if (event.seq > this.since.seq + 1) {
      this.#held.set(event.seq, event);
      void this.#mend();
      return;
    }
    this.since = { epoch: this.since.epoch, seq: event.seq };
    this.#held.delete(event.seq);
    this.emit('event', event);
    const next = this.#held.get(event.seq + 1);
    if (next) this.#take(next);
  }

  /** Reads what lies between the last event and those that are held. */
  async #mend() {
    if (this.#mending) return;
    this.#mending = true;
    try {
      while (this.#held.size > 0 && this.since) {
        const { items, epoch } = await this.#hole(this.room, this.since.seq);
        if (epoch !== this.since.epoch || items.length === 0) {
          this.#held.clear();
          this.emit('reset', undefined);
        }
        for (const event of items) this.#take(event);
      }
    } catch {
      // The line that brought the later ones is as good as down; subscribing again asks for all of it.
      this.#held.clear();
    } finally {
      this.#mending = false;
    }
  }

  /** @param {Name} person */
  #come(person) {
    if (this.people.has(person.id)) return;
    this.people.set(person.id, person);
    this.present += 1;
    this.emit('presence', undefined);
  }

  /** @param {Name} person */
  #go(person) {
    this.people.delete(person.id);
    this.present = Math.max(this.present - 1, this.people.size);
    this.emit('presence', undefined);
  }
}
