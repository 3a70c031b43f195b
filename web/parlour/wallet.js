// A pair of tokens that renews itself: once for all who ask at the same time, and once for all tabs.

/** @import { Tokens } from './types.js' */

/** So much earlier than it ends an access token is renewed, in milliseconds: clocks differ, and requests travel. */
const EARLY = 30_000;

/** @typedef {{ access: string, refresh: string, until: number }} Pair */

export class Wallet {
  #keep;
  #refresh;
  /** @type {Pair | null} */
  #pair = null;
  /** @type {Promise<string | null> | null} */
  #renewing = null;

  /**
   * @param {(refreshToken: string) => Promise<Tokens>} refresh gets the next pair
   * @param {Storage | null} keep where the pair outlives the page, if anywhere
   */
  constructor(refresh, keep) {
    this.#refresh = refresh;
    this.#keep = keep;
    this.#read();
  }

  /** @param {Tokens | null} tokens what was handed out, or `null` to forget */
  put(tokens) {
    this.#pair = tokens && {
      access: tokens.access_token,
      refresh: tokens.refresh_token ?? this.#pair?.refresh ?? '',
      until: Date.now() + tokens.expires_in * 1000,
    };
    if (this.#pair) this.#keep?.setItem('parlour.tokens', JSON.stringify(this.#pair));
    else this.#keep?.removeItem('parlour.tokens');
  }

  /** An access token that is good for a while yet; `null` where nobody is logged in. */
  async token() {
    if (this.#pair && Date.now() > this.#pair.until - EARLY) return this.renew(this.#pair.access);
    return this.#pair?.access ?? null;
  }

  /**
   * The next access token after `stale`. Another tab may have it already.
   * @param {string} stale
   * @returns {Promise<string | null>}
   */
  renew(stale) {
    this.#renewing ??= alone(() => this.#next(stale)).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** @param {string} stale */
  async #next(stale) {
    this.#read();
    if (!this.#pair || this.#pair.access !== stale) return this.#pair?.access ?? null;
    try {
      this.put(await this.#refresh(this.#pair.refresh));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'Problem') throw error;
      this.put(null);
    }
    return this.#pair?.access ?? null;
  }

  #read() {
    const kept = this.#keep?.getItem('parlour.tokens');
    if (this.#keep) this.#pair = kept ? JSON.parse(kept) : null;
  }
}

/**
 * Runs `work` in one tab at a time, where the browser can tell: a refresh token is good once.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function alone(work) {
  return globalThis.navigator?.locks ? navigator.locks.request('parlour.tokens', work) : work();
}
