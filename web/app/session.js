// Who is logged in here, and the one client that speaks for them.

import { Emitter, Outbox, Parlour } from '../parlour.js';
import { forgetDrafts } from './drafts.js';
import { tabs } from './tabs.js';

/** @import { Me } from '../parlour/types.js' */

export const parlour = new Parlour();

/**
 * `in` and `out` tell of the two great changes, `me` of small ones. `out` says why, where there is something to say.
 * @extends {Emitter<{ in: Me, out: string, me: Me }>}
 */
class CurrentSession extends Emitter {
  /** @type {Me | null} */
  #me = null;
  /** @type {Outbox | null} */
  #outbox = null;
  /** Whether this browser itself is about to end or replace the session. */
  #changing = false;

  constructor() {
    super();
    parlour.on('ended', (reason) => this.#me && !this.#changing && this.#left(sentence(reason)));
    parlour.live.on('changed', (what) => what === 'me' && void this.reload());
    tabs.on('account', (id) => {
      if (id === null && this.#me) this.#left('You logged out in another tab.');
      else if (id !== null && id !== this.#me?.id) location.reload();
    });
  }

  get me() {
    if (!this.#me) throw new Error('nobody is logged in');
    return this.#me;
  }

  get isIn() {
    return this.#me !== null;
  }

  get outbox() {
    if (!this.#outbox) throw new Error('nobody is logged in');
    return this.#outbox;
  }

  /** Begins: from a cookie that the browser has already, or after a login. @param {Me} me */
  begin(me) {
    this.#me = me;
    this.#outbox = parlour.outbox(String(me.id), localStorage);
    parlour.live.open();
    this.#outbox.wake();
    this.emit('in', me);
  }

  /** @param {Me} me as the server has just told it */
  learn(me) {
    this.#me = me;
    this.emit('me', me);
  }

  async reload() {
    this.learn(await parlour.me());
  }

  /** @param {string} who @param {string} password */
  async logIn(who, password) {
    const me = await parlour.logIn(who, password);
    this.begin(me);
    tabs.tell('account', me.id);
  }

  /** @param {Parameters<Parlour['signUp']>[0]} account */
  async signUp(account) {
    const me = await parlour.signUp(account);
    this.begin(me);
    tabs.tell('account', me.id);
  }

  async logOut() {
    await this.#change(() => parlour.logOut());
    this.#forget('');
  }

  /** Deletes the account. @param {string} password */
  async delete(password) {
    await this.#change(() => parlour.delete('/me', { password }));
    this.#forget('Your account has been deleted.');
  }

  /** The session gets another id with it, and the socket follows. @param {string} current @param {string} next */
  async setPassword(current, next) {
    await this.#change(() => parlour.setPassword(current, next));
    parlour.live.close();
    parlour.live.open();
  }

  /** Does what ends the session as it is; the socket may hear of it before the request is answered. */
  async #change(/** @type {() => Promise<unknown>} */ work) {
    this.#changing = true;
    try {
      await work();
    } finally {
      this.#changing = false;
    }
  }

  /** Nothing of the account stays in this browser. @param {string} why */
  #forget(why) {
    this.#outbox?.clear();
    forgetDrafts(this.me.id);
    tabs.tell('account', null);
    this.#left(why);
  }

  /** @param {string} why */
  #left(why) {
    this.#me = null;
    this.#outbox = null;
    parlour.live.close();
    this.emit('out', why);
  }
}

/** Why a session is over, as a sentence. @param {string} reason */
function sentence(reason) {
  if (/expired/.test(reason)) return 'You have been away for long. Please log in again.';
  return 'This session was ended elsewhere. Please log in again.';
}

export const session = new CurrentSession();
