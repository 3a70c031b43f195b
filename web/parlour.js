// A client of Parlour for any front-end: requests, the live socket, and messages that are sent once.
//
//   const parlour = new Parlour({ url: 'https://chat.example' });
//   await parlour.logIn('ada', 'correct horse battery staple');
//   const tea = await parlour.room('tea');
//   const following = parlour.live.follow('tea', { epoch: tea.epoch, seq: tea.last_seq });
//   following.on('event', (event) => console.log(event));
//   parlour.live.open();
//   parlour.outbox(String(account.id)).add('tea', 'Hello!');
//
// With `mode: 'cookie'` the browser keeps the session; that is for pages of the server's own origin and those that it
// names. With `mode: 'tokens'` the client holds a pair of tokens, renews it in time, and after a 401 once more.

import { Emitter } from './parlour/emitter.js';
import { Http } from './parlour/http.js';
import { Live } from './parlour/live.js';
import { key, Outbox } from './parlour/outbox.js';
import { Wallet } from './parlour/wallet.js';

export { Emitter } from './parlour/emitter.js';
export { Following } from './parlour/following.js';
export { key, Outbox } from './parlour/outbox.js';
export { Offline, Problem } from './parlour/problem.js';

/** @import { Request } from './parlour/http.js' */
/** @import * as T from './parlour/types.js' */

/**
 * `ended` says that the session is over: it was ended elsewhere, has expired, or the account was disabled.
 * @extends {Emitter<{ ended: string }>}
 */
export class Parlour extends Emitter {
  #http;
  #wallet;
  #mode;

  /**
   * @param {object} [options]
   * @param {string} [options.url] the server's address; empty for the page's own origin
   * @param {'cookie' | 'tokens'} [options.mode] how a login is kept
   * @param {Storage | null} [options.keep] where a pair of tokens outlives the page, if it shall
   */
  constructor({ url = '', mode = 'cookie', keep = null } = {}) {
    super();
    const origin = new URL(url || '/', globalThis.location?.href).origin;
    this.#mode = mode;
    const next = (/** @type {string} */ refresh_token) => this.post('/sessions/refresh', { refresh_token }, { anonymous: true });
    this.#wallet = mode === 'tokens' ? new Wallet(next, keep) : null;
    this.#http = new Http(`${origin}/api/v2`, {
      token: async () => this.#wallet?.token() ?? null,
      renew: async (stale) => this.#wallet?.renew(stale) ?? null,
      refused: () => this.#over(''),
    });
    this.live = new Live({
      url: () => `${origin.replace(/^http/, 'ws')}/api/v2/live`,
      token: async () => this.#wallet?.token() ?? null,
      renew: async () => this.#wallet?.renew((await this.#wallet.token()) ?? '') ?? null,
      hole: (room, after) => this.events(room, after),
    });
    this.live.on('ended', (reason) => this.#over(reason));
  }

  /** @param {string} reason */
  #over(reason) {
    this.live.close();
    this.#wallet?.put(null);
    this.emit('ended', reason);
  }

  // Requests by hand: a path below `/api/v2`, and what belongs to it.

  /** @param {string} path @param {Request['query']} [query] @param {Request} [more] */
  get(path, query, more) {
    return this.#http.send('GET', path, { ...more, query });
  }
  /** @param {string} path @param {unknown} [body] @param {Request} [more] */
  post(path, body = {}, more) {
    return this.#http.send('POST', path, { key: key(), ...more, body });
  }
  /** @param {string} path @param {unknown} [body] */
  put(path, body = {}) {
    return this.#http.send('PUT', path, { body });
  }
  /** @param {string} path @param {unknown} body */
  patch(path, body) {
    return this.#http.send('PATCH', path, { body });
  }
  /** @param {string} path @param {unknown} [body] */
  delete(path, body) {
    return this.#http.send('DELETE', path, { body });
  }

  // Coming and going.

  /**
   * @param {{ username: string, password: string, email?: string, display_name?: string }} account
   * @returns {Promise<T.Me>}
   */
  async signUp(account) {
    return this.#enter(await this.post('/accounts', { ...account, grant: this.#mode }, { anonymous: true }));
  }
  /**
   * @param {string} who a username or an e-mail address
   * @param {string} password
   * @returns {Promise<T.Me>}
   */
  async logIn(who, password) {
    const name = who.includes('@') ? { email: who } : { username: who };
    return this.#enter(await this.post('/sessions', { ...name, password, grant: this.#mode }, { anonymous: true }));
  }
  async logOut() {
    await this.delete('/sessions/current');
    this.live.close();
    this.#wallet?.put(null);
  }
  /** @param {T.Entrance} entrance */
  #enter({ account, tokens }) {
    this.#wallet?.put(tokens);
    return account;
  }

  // One's own account.

  /** @returns {Promise<T.Me>} */
  me() {
    return this.get('/me');
  }
  /** @param {Partial<T.Me>} changes @returns {Promise<T.Me>} */
  editMe(changes) {
    return this.patch('/me', changes);
  }
  /** @param {string} current @param {string} next */
  async setPassword(current, next) {
    const { tokens } = await this.post('/me/password', { current, new: next });
    if (tokens) this.#wallet?.put(tokens);
  }
  /** @param {string} email @param {string} password */
  changeEmail(email, password) {
    return this.post('/me/email', { email, password });
  }
  /** @param {Blob} image @returns {Promise<T.Me>} */
  setAvatar(image) {
    return this.put('/me/avatar', image);
  }
  /** @param {string | null} [after] where the page before it ended @returns {Promise<T.Page<T.Session>>} */
  sessions(after = null) {
    return this.get('/sessions', { after });
  }

  // People and rooms.

  /** @param {number[]} ids at most 100 @returns {Promise<{ items: T.Person[] }>} */
  people(ids) {
    return this.get('/accounts', { ids: ids.join(',') });
  }
  /** @param {string} q the beginning of a name @returns {Promise<{ items: T.Person[] }>} */
  findPeople(q) {
    return this.get('/accounts', { q });
  }
  /** One's own rooms; all of them, however many pages that is. @returns {Promise<T.Room[]>} */
  async rooms() {
    return this.#all('/rooms');
  }
  /** @param {string} q @param {string | null} [after] @returns {Promise<T.Page<T.Room>>} */
  publicRooms(q, after) {
    return this.get('/rooms', { scope: 'public', q, after });
  }
  /** @param {string} name @returns {Promise<T.Room>} */
  room(name) {
    return this.get(room(name));
  }
  /** @param {{ name: string, visibility: string, topic?: string } | { with: number }} wanted @returns {Promise<T.Room>} */
  makeRoom(wanted) {
    return this.post('/rooms', wanted);
  }
  /** @param {string} name @returns {Promise<T.Room>} */
  join(name) {
    return this.put(`${room(name)}/members/me`);
  }
  /** @param {string} name */
  leave(name) {
    return this.delete(`${room(name)}/members/me`);
  }
  /** @param {string} name @param {{ q?: string, after?: string | null }} [query] @returns {Promise<T.Page<T.Member>>} */
  members(name, query) {
    return this.get(`${room(name)}/members`, query);
  }
  /** @returns {Promise<T.Page<T.Invitation>>} */
  invitations() {
    return this.get('/invitations');
  }

  // Messages.

  /** @param {string} name @param {T.Where} [where] @returns {Promise<T.Timeline>} */
  messages(name, where) {
    return this.get(`${room(name)}/messages`, where);
  }
  /** @param {string} name @param {number} seq @returns {Promise<T.Message>} */
  message(name, seq) {
    return this.get(`${room(name)}/messages/${seq}`);
  }
  /** @param {string} name @param {number} after @returns {Promise<T.Log>} */
  events(name, after) {
    return this.get(`${room(name)}/events`, { after, limit: 500 });
  }
  /** @param {string} name @param {number} seq @param {string} text */
  edit(name, seq, text) {
    return this.patch(`${room(name)}/messages/${seq}`, { text });
  }
  /** @param {string} name @param {number} seq */
  erase(name, seq) {
    return this.delete(`${room(name)}/messages/${seq}`);
  }
  /** @param {string} name @param {number} seq @param {string} emoji @param {boolean} on */
  react(name, seq, emoji, on) {
    const path = `${room(name)}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`;
    return on ? this.put(path) : this.delete(path);
  }
  /** Read up to `seq`: over the live socket where it is open. @param {string} name @param {number} seq */
  async read(name, seq) {
    if (!this.live.say({ type: 'read', room: name, seq })) await this.put(`${room(name)}/read`, { seq });
  }
  /** @param {{ q: string, room?: string | null, after?: string | null }} query @returns {Promise<T.Page<T.Found>>} */
  search(query) {
    return this.get('/search', query);
  }

  /**
   * A place for messages that are sent once, in order, whatever happens to the line meanwhile.
   * @param {string} owner the account's number: messages of one are never sent by another
   * @param {Storage | null} [keep] where they outlive the page, if they shall
   */
  outbox(owner, keep = null) {
    const outbox = new Outbox((unsent) => this.#deliver(unsent), keep, owner);
    this.live.on('state', (state) => state === 'open' && outbox.wake());
    return outbox;
  }

  /** @param {T.Unsent} unsent @returns {Promise<{ seq: number }>} */
  #deliver({ room: name, text, key, reply_to }) {
    const message = { text, key, ...(reply_to !== null && { reply_to }) };
    if (this.live.state === 'open') return this.live.request({ type: 'post', room: name, ...message });
    return this.post(`${room(name)}/messages`, message);
  }

  /** @param {string} path */
  async #all(path) {
    const all = [];
    for (let after = null, more = true; more; more = after !== null) {
      const { items, next } = await this.get(path, { after, limit: 100 });
      all.push(...items);
      after = next;
    }
    return all;
  }
}

/** The path of a room. @param {string} name */
export const room = (name) => `/rooms/${encodeURIComponent(name)}`;
