// Something that can be listened to.

/**
 * @template {Record<string, any>} Events names and what is told with them
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(what: any) => void>>} */
  #listeners = new Map();

  /**
   * Calls `listener` for every such event until the returned function is called.
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(what: Events[Name]) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} what
   */
  emit(name, what) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(what);
  }
}
