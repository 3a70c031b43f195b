// The rooms that somebody is in: what is new in each, kept right by the live socket.

import { Emitter } from '../parlour.js';
import { settled } from './dom.js';
import { people } from './people.js';
import { parlour, session } from './session.js';
import { complain } from './toast.js';

/** @import { Following } from '../parlour.js' */
/** @import { Event, Invitation, Room } from '../parlour/types.js' */
/** @typedef {{ room: Room, following: Following }} Entry */

/** One socket follows 200 rooms; the rest are read when they are opened. */
const FOLLOWED = 190;
/** The server counts no further, either. */
const MOST_UNREAD = 100;

/**
 * `change` tells that the list is another, `event` what happened in a room, `reset` that its log is to be read anew,
 * `gone` that one may no longer be in it.
 * @extends {Emitter<{
 *   change: void, event: { name: string, event: Event }, reset: string, gone: { name: string, reason: string },
 * }>}
 */
class Rooms extends Emitter {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Set<string>} */
  #stale = new Set();
  /** @type {Invitation[]} */
  invitations = [];
  /** Whether the list has been read. */
  ready = false;

  constructor() {
    super();
    session.on('in', () => void this.load());
    if (session.isIn) void this.load();
    session.on('out', () => this.#forget());
    parlour.live.on('changed', (what) => {
      if (what === 'rooms') void this.load();
      if (what === 'invitations') void this.#loadInvitations();
    });
  }

  /** One's own rooms, the last active first. */
  get own() {
    const active = (/** @type {Entry} */ { room }) => room.last_message?.at ?? room.created_at;
    const own = [...this.#entries.values()].filter(({ room }) => room.me !== null);
    return own.sort((a, b) => (active(a) < active(b) ? 1 : -1)).map(({ room }) => room);
  }

  /** @param {string} name */
  get(name) {
    return this.#entries.get(name);
  }

  /** Reads the list; what is known and followed stays so. */
  async load() {
    try {
      const rooms = await parlour.rooms();
      if (!session.isIn) return;
      const names = new Set(rooms.map(({ name }) => name));
      for (const [name, { room }] of this.#entries) if (room.me && !names.has(name)) this.drop(name);
      for (const room of rooms) this.take(room);
      this.ready = true;
      this.emit('change', undefined);
      await this.#loadInvitations();
    } catch (error) {
      if (session.isIn) complain(error);
    }
  }

  async #loadInvitations() {
    this.invitations = (await parlour.invitations()).items;
    people.learn(this.invitations.map(({ by }) => by));
    this.emit('change', undefined);
  }

  /** Opens a room that may be somebody else's. @param {string} name */
  async visit(name) {
    const known = this.#entries.get(name);
    if (known && parlour.live.follows(name)) return known;
    const room = await parlour.room(name);
    // The list may have brought it meanwhile, and one following is listened to once.
    if (!parlour.live.follows(name)) this.#entries.delete(name);
    return this.take(room);
  }

  /** What the server has just told of a room. @param {Room} room */
  take(room) {
    people.learn([room.with]);
    const known = this.#entries.get(room.name);
    // Its own counters may be behind what the socket has told since.
    if (known) known.room = room.last_seq >= known.room.last_seq ? room : { ...room, last_message: known.room.last_message, last_seq: known.room.last_seq };
    const entry = known ?? { room, following: parlour.live.follow(room.name, { epoch: room.epoch, seq: room.last_seq }) };
    if (!known) this.#listen(entry);
    this.#entries.set(room.name, entry);
    this.#bound();
    this.emit('change', undefined);
    return entry;
  }

  /** @param {string} name */
  drop(name) {
    this.#entries.delete(name);
    parlour.live.unfollow(name);
    this.emit('change', undefined);
  }

  /** Everything up to `seq` has been seen. @param {string} name @param {number} seq */
  read(name, seq) {
    const entry = this.#entries.get(name);
    const me = entry?.room.me;
    if (!entry || !me || seq <= me.read_seq) return;
    this.#mark(entry, seq);
    parlour.read(name, seq).catch(() => {});
  }

  /** Reads the rows again of rooms in which something has changed; many may come in at once. */
  #freshen = settled(() => {
    for (const name of this.#stale) this.#refresh(name).catch(() => {});
    this.#stale.clear();
  }, 300);

  /** @param {string} name */
  async #refresh(name) {
    const room = await parlour.room(name);
    if (this.#entries.has(name)) this.take(room);
  }

  /** @param {Entry} entry */
  #listen(entry) {
    const { name } = entry.room;
    entry.following.on('event', (event) => this.#heard(entry, event));
    entry.following.on('read', (seq) => this.#mark(entry, seq));
    entry.following.on('reset', () => {
      this.#refresh(name).catch(() => {});
      this.emit('reset', name);
    });
    entry.following.on('ended', (reason) => {
      if (this.#entries.get(name) !== entry) return;
      this.drop(name);
      this.emit('gone', { name, reason });
    });
  }

  /** @param {Entry} entry @param {Event} event */
  #heard(entry, event) {
    const { room } = entry;
    room.last_seq = event.seq;
    if (event.type === 'message') {
      session.outbox.settle(event.key ?? '');
      room.last_message = event;
      const foreign = event.author.id !== session.me.id;
      if (room.me && foreign && event.seq > room.me.read_seq) room.me.unread = Math.min(MOST_UNREAD, room.me.unread + 1);
    } else if (event.type === 'edited' && room.last_message?.seq === event.target) {
      room.last_message = { ...room.last_message, text: event.text };
    } else if (event.type === 'deleted' && room.last_message?.seq === event.target) {
      room.last_message = null;
    } else if (event.type === 'room' || event.type === 'member') {
      this.#stale.add(room.name);
      this.#freshen();
    }
    this.emit('event', { name: room.name, event });
    this.emit('change', undefined);
  }

  /** @param {Entry} entry @param {number} seq */
  #mark({ room }, seq) {
    if (!room.me || seq <= room.me.read_seq) return;
    room.me = { ...room.me, read_seq: seq, unread: seq >= (room.last_message?.seq ?? 0) ? 0 : room.me.unread };
    this.emit('change', undefined);
    if (room.me.unread > 0) this.#refresh(room.name).catch(() => {});
  }

  /** Lets go of the rooms that were quiet for the longest time. */
  #bound() {
    if (this.#entries.size <= FOLLOWED) return;
    for (const { name } of this.own.slice(FOLLOWED)) parlour.live.unfollow(name);
  }

  #forget() {
    for (const name of this.#entries.keys()) parlour.live.unfollow(name);
    this.#entries.clear();
    this.invitations = [];
    this.ready = false;
  }
}

export const rooms = new Rooms();
