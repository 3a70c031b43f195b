// What the tabs of one browser tell one another.

import { Emitter } from '../parlour.js';

/**
 * `account` tells that somebody logged in or out here, `theme` that the look was changed, `draft` that a text was.
 * @extends {Emitter<{ account: number | null, theme: string, draft: { room: string, text: string } }>}
 */
class Tabs extends Emitter {
  #channel = new BroadcastChannel('parlour');

  constructor() {
    super();
    this.#channel.onmessage = ({ data }) => this.emit(data.name, data.what);
  }

  /** @param {'account' | 'theme' | 'draft'} name @param {any} what */
  tell(name, what) {
    this.#channel.postMessage({ name, what });
  }
}

export const tabs = new Tabs();
