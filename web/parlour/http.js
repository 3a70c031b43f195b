// Requests to `/api/v2`: JSON in, JSON out, a `Problem` where the server refuses.

import { Offline, Problem } from './problem.js';

/**
 * How requests say who is calling.
 * @typedef {{
 *   token: () => Promise<string | null>,
 *   renew: (stale: string) => Promise<string | null>,
 *   refused: () => void,
 * }} Credential
 */
/**
 * @typedef {{
 *   query?: Record<string, string | number | null | undefined>, body?: unknown, key?: string, anonymous?: boolean,
 *   signal?: AbortSignal,
 * }} Request
 */

export class Http {
  #root;
  #credential;

  /**
   * @param {string} root such as `https://chat.example/api/v2`
   * @param {Credential} credential
   */
  constructor(root, credential) {
    this.#root = root;
    this.#credential = credential;
  }

  /**
   * Sends a request and reads its answer; `null` where the answer has no body.
   * @param {string} method
   * @param {string} path below the root
   * @param {Request} [request]
   * @returns {Promise<any>}
   */
  async send(method, path, request = {}) {
    const token = request.anonymous ? null : await this.#credential.token();
    let answer = await this.#fetch(method, path, request, token);
    if (answer.status === 401 && token) {
      const newer = await this.#credential.renew(token);
      if (newer) answer = await this.#fetch(method, path, request, newer);
    }
    if (answer.ok) return body(answer);
    const problem = new Problem(await body(answer), answer.status, seconds(answer));
    if (problem.word === 'unauthenticated' && !request.anonymous) this.#credential.refused();
    throw problem;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Request} request
   * @param {string | null} token
   */
  async #fetch(method, path, { query, body, key, signal }, token) {
    const headers = new Headers();
    if (token) headers.set('Authorization', `Bearer ${token}`);
    if (key) headers.set('Idempotency-Key', key);
    const plain = body instanceof Blob;
    if (body !== undefined) headers.set('Content-Type', plain ? body.type : 'application/json');
    const content = body === undefined || plain ? body : JSON.stringify(body);
    try {
      return await fetch(this.#root + path + asked(query), { method, headers, body: content, signal, credentials: token ? 'omit' : 'include' });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Offline();
    }
  }
}

/** @param {Request['query']} query */
function asked(query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** @param {Response} answer */
async function body(answer) {
  if (answer.status === 204 || !/json/.test(answer.headers.get('Content-Type') ?? '')) return null;
  return answer.json().catch(() => null);
}

/** @param {Response} answer */
function seconds(answer) {
  const given = Number(answer.headers.get('Retry-After') ?? NaN);
  return Number.isFinite(given) ? given : null;
}
