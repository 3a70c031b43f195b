// The two ways in which a request fails: the server said no, or nobody answered.

/** @import { Violation } from './types.js' */

/** A refusal (RFC 9457). `word` is the stable part of its type, `message` a sentence for people. */
export class Problem extends Error {
  /**
   * @param {any} body `application/problem+json`, or whatever came instead
   * @param {number} status
   * @param {number | null} retryAfter seconds
   */
  constructor(body, status, retryAfter = null) {
    const told = typeof body === 'object' && body !== null ? body : {};
    super(String(told.detail || told.title || `The server answered ${status}.`));
    this.name = 'Problem';
    this.word = String(told.type ?? '').replace(/^.*#/, '') || 'unknown';
    this.status = status;
    this.title = String(told.title ?? '');
    /** @type {Violation[]} */
    this.violations = Array.isArray(told.violations) ? told.violations : [];
    /** Until when one is muted or kept out, where that is the reason. */
    this.until = typeof told.until === 'string' ? told.until : null;
    this.retryAfter = retryAfter ?? (typeof told.retry_after === 'number' ? told.retry_after : null);
  }

  /** Whether the very same request may succeed later. */
  get passing() {
    return ['busy', 'throttled', 'slow_mode', 'internal', 'too_many_connections'].includes(this.word) || this.status >= 502;
  }
}

/** The server could not be reached, or went away before it answered. */
export class Offline extends Error {
  constructor() {
    super('The server cannot be reached.');
    this.name = 'Offline';
  }
}
