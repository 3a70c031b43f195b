// The live socket: one for many rooms, opened again whenever it breaks, with nothing lost or told twice.

import { Emitter } from './emitter.js';
import { Following } from './following.js';
import { Offline, Problem } from './problem.js';

/** @import { Log, Since } from './types.js' */

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 30_000;
const FIRST_PAUSE = 800;
/** How long a ping may go unanswered, in milliseconds. */
const PATIENCE = 8_000;

/**
 * @typedef {{
 *   url: () => string,
 *   token: () => Promise<string | null>,
 *   renew: () => Promise<string | null>,
 *   hole: (room: string, after: number) => Promise<Log>,
 * }} Door
 */
/** @typedef {'closed' | 'connecting' | 'open' | 'waiting'} State */

/**
 * `state` tells of every change; `changed` that something about oneself is to be read anew; `ended` that the session
 * is over and nothing will come again.
 * @extends {Emitter<{ state: State, welcome: any, changed: string, ended: string }>}
 */
export class Live extends Emitter {
  #door;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, Following>} */
  #rooms = new Map();
  /** @type {Map<number, { resolve: (frame: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map();
  #number = 0;
  #attempts = 0;
  /** @type {number | null} */
  #told = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #heart;
  #pause = 25_000;

  /** @param {Door} door */
  constructor(door) {
    super();
    this.#door = door;
    /** @type {State} */
    this.state = 'closed';
    /** When the next attempt is made, as milliseconds since 1970. */
    this.retryAt = 0;
    globalThis.addEventListener?.('online', () => this.retry());
    globalThis.addEventListener?.('offline', () => this.#socket && this.#broken(this.#socket));
    globalThis.document?.addEventListener('visibilitychange', () => !document.hidden && this.#look());
  }

  /** Opens the line and keeps it open. */
  open() {
    if (this.state === 'closed') void this.#connect();
  }

  /** Closes the line until it is opened again. What was followed is followed then, from where it was. */
  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#drop();
    socket?.close(1000);
    this.#become('closed');
  }

  /** Whether a room is followed. @param {string} room */
  follows(room) {
    return this.#rooms.has(room);
  }

  /** Makes the next attempt now instead of later. */
  retry() {
    if (this.state === 'waiting') void this.#connect();
    else this.#look();
  }

  /**
   * Follows a room from `since` on, or from now.
   * @param {string} room
   * @param {Since | null} [since]
   */
  follow(room, since = null) {
    const following = this.#rooms.get(room) ?? new Following(room, since, this.#door.hole);
    if (!this.#rooms.has(room)) {
      this.#rooms.set(room, following);
      if (this.state === 'open') void this.#subscribe(following);
    }
    return following;
  }

  /** @param {string} room */
  unfollow(room) {
    if (this.#rooms.delete(room) && this.state === 'open') this.request({ type: 'unsubscribe', room }).catch(() => {});
  }

  /**
   * Asks and waits for the answer.
   * @param {Record<string, unknown>} frame
   * @returns {Promise<any>}
   */
  request(frame) {
    const id = (this.#number += 1);
    return new Promise((resolve, reject) => {
      if (!this.say({ ...frame, id })) return reject(new Offline());
      this.#asked.set(id, { resolve, reject });
    });
  }

  /**
   * Says something that needs no answer; whether it could be said.
   * @param {Record<string, unknown>} frame
   */
  say(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#told = null;
    this.#become('connecting');
    let token;
    try {
      token = await this.#door.token();
    } catch {
      return this.#wait();
    }
    // Closed while the token was fetched, or another attempt was quicker.
    if (/** @type {State} */ (this.state) !== 'connecting' || this.#socket) return;
    const socket = new WebSocket(this.#door.url(), token ? [token] : []);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#closed(socket, code, reason);
    this.#expect(socket, PATIENCE * 2);
  }

  #opened() {
    this.#become('open');
    this.#beat();
    for (const following of this.#rooms.values()) void this.#subscribe(following);
  }

  /** @param {Following} following */
  async #subscribe(following) {
    const { room, since } = following;
    try {
      const frame = { type: 'subscribe', room, ...(since && { since }) };
      // `subscribed` is taken where it is read, because the events behind it may not wait for a promise.
      await this.request(frame);
    } catch (error) {
      if (error instanceof Problem && error.passing) setTimeout(() => this.#again(following), 1000 * (error.retryAfter ?? 2));
      else if (error instanceof Problem) this.#end(following, error.word);
    }
  }

  /** @param {Following} following */
  #again(following) {
    if (this.#rooms.get(following.room) === following && this.state === 'open') void this.#subscribe(following);
  }

  /** @param {any} frame */
  #hear(frame) {
    this.#attempts = 0;
    this.#beat();
    const following = this.#rooms.get(frame.room);
    if (frame.type === 'subscribed') following?.subscribed(frame);
    if (frame.id !== undefined && frame.id !== null) this.#answer(frame);
    else if (frame.type === 'unsubscribed' && following) this.#put(following, frame.reason);
    else if (frame.type === 'changed') this.emit('changed', frame.what);
    else if (frame.type === 'expiring') void this.#renew();
    else if (frame.type === 'bye') this.#bye(frame);
    else following?.hear(frame);
    if (frame.type === 'welcome') {
      this.#pause = Math.max(5, Number(frame.ping) || 25) * 1000;
      this.emit('welcome', frame);
    }
  }

  /** @param {any} frame */
  #answer(frame) {
    const asked = this.#asked.get(frame.id);
    this.#asked.delete(frame.id);
    if (frame.type === 'error') asked?.reject(new Problem(frame.problem, frame.problem?.status ?? 500));
    else asked?.resolve(frame);
  }

  /**
   * @param {Following} following
   * @param {string} reason
   */
  #put(following, reason) {
    following.broken();
    if (reason === 'resume') this.#again(following);
    else this.#end(following, reason);
  }

  /**
   * @param {Following} following
   * @param {string} reason
   */
  #end(following, reason) {
    following.broken();
    if (this.#rooms.get(following.room) === following) this.#rooms.delete(following.room);
    following.emit('ended', reason);
  }

  async #renew() {
    const access_token = await this.#door.renew().catch(() => null);
    if (access_token) this.request({ type: 'token', access_token }).catch(() => {});
  }

  /** @param {any} frame */
  #bye(frame) {
    if (frame.reconnect === false) this.#over(String(frame.reason ?? ''));
    else this.#told = Number(frame.after_ms) || null;
  }

  /** @param {string} reason */
  #over(reason) {
    this.close();
    this.emit('ended', reason);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  #closed(socket, code, reason) {
    if (socket !== this.#socket) return;
    if (code === 1008) this.#over(reason);
    else this.#broken(socket);
  }

  /** @param {WebSocket} socket */
  #broken(socket) {
    this.#drop();
    socket.close();
    this.#wait();
  }

  /** Lets go of the socket; whoever waits for an answer hears that none will come. */
  #drop() {
    clearTimeout(this.#heart);
    this.#socket = null;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const following of this.#rooms.values()) following.broken();
    for (const { reject } of asked) reject(new Offline());
  }

  /** Full jitter, so that a thousand clients do not come back at once; the server's own word goes first. */
  #wait() {
    const bound = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts);
    this.#attempts += 1;
    const pause = this.#told ?? Math.random() * bound;
    this.retryAt = Date.now() + pause;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), pause);
    this.#become('waiting');
  }

  /** After every sign of life: the next ping, and what happens if it is not answered. */
  #beat() {
    clearTimeout(this.#heart);
    this.#heart = setTimeout(() => this.#look(), this.#pause);
  }

  /** Is there still somebody at the other end? */
  #look() {
    if (this.#socket && this.say({ type: 'ping' })) this.#expect(this.#socket, PATIENCE);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} patience
   */
  #expect(socket, patience) {
    clearTimeout(this.#heart);
    this.#heart = setTimeout(() => socket === this.#socket && this.#broken(socket), patience);
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.emit('state', state);
  }
}
