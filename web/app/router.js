// Addresses: which page is shown, and how one gets to another without loading anything anew.

import { Emitter } from '../parlour.js';

/** @typedef {{ path: string[], query: URLSearchParams, hash: string }} Place */

/** @extends {Emitter<{ place: Place }>} */
class Router extends Emitter {
  constructor() {
    super();
    addEventListener('popstate', () => this.emit('place', this.place()));
    document.addEventListener('click', (event) => this.#click(event));
  }

  /** Where one is: the parts of the path below `/app`. @returns {Place} */
  place() {
    const { pathname, search, hash } = location;
    const parts = pathname.split('/').slice(2).filter(Boolean);
    return { path: parts.map(decoded), query: new URLSearchParams(search), hash: hash.slice(1) };
  }

  /** @param {string} address @param {{ replace?: boolean }} [how] */
  go(address, { replace = false } = {}) {
    if (replace) history.replaceState(null, '', address);
    else if (address !== location.pathname + location.search) history.pushState(null, '', address);
    this.emit('place', this.place());
  }

  /** Links into the app are followed here; those with a key held down are the browser's. @param {MouseEvent} event */
  #click(event) {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const own = link?.origin === location.origin && /^\/app(\/|$)/.test(link.pathname);
    if (!link || !own || link.target || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

/** @param {string} part of a path; what cannot be decoded stays as it is */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const router = new Router();

/** The address of a room, or of a message in it. @param {string} name @param {number} [seq] */
export const roomAddress = (name, seq) => `/app/rooms/${encodeURIComponent(name)}${seq ? `?at=${seq}` : ''}`;
