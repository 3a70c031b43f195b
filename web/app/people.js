// People by their number, read once, many at a time.

import { Emitter } from '../parlour.js';
import { parlour, session } from './session.js';

/** @import { Name, Person } from '../parlour/types.js' */

/** As many as one request takes, and as many as are remembered. */
const AT_ONCE = 100;
const REMEMBERED = 5_000;

/** @extends {Emitter<{ change: void }>} */
class People extends Emitter {
  /** @type {Map<number, Person>} */
  #known = new Map();
  /** @type {Set<number>} */
  #wanted = new Set();
  #asking = false;

  /**
   * What is known of somebody now; more is asked for, and `change` tells when it has come.
   * @param {Name} name
   * @returns {Person}
   */
  get(name) {
    const { me } = session;
    if (name.id === me.id) return me;
    const known = this.#known.get(name.id);
    // A name that comes with a message is the one of now.
    if (known) return name.username && known.username !== name.username ? { ...known, username: name.username } : known;
    this.#wanted.add(name.id);
    void this.#ask();
    return { ...name, display_name: '', bio: '', avatar: null };
  }

  /** @param {(Person | null)[]} people who came with something else */
  learn(people) {
    for (const person of people) if (person) this.#keep(person);
  }

  /** Those who are known and whose names begin so. @param {string} start */
  beginning(start) {
    const low = start.toLowerCase();
    const begins = (/** @type {Person} */ person) => [person.username, person.display_name].some((name) => name.toLowerCase().startsWith(low));
    return [...this.#known.values()].filter(begins);
  }

  forget() {
    this.#known.clear();
    this.#wanted.clear();
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    // Whoever else is drawn in this turn is asked for together.
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      while (this.#wanted.size > 0) {
        const ids = [...this.#wanted].slice(0, AT_ONCE);
        for (const id of ids) this.#wanted.delete(id);
        this.learn((await parlour.people(ids)).items);
        this.emit('change', undefined);
      }
    } catch {
      // Names are shown without faces until they are drawn again.
      this.#wanted.clear();
    } finally {
      this.#asking = false;
    }
  }

  /** @param {Person} person */
  #keep(person) {
    this.#known.set(person.id, person);
    if (this.#known.size > REMEMBERED) this.#known.delete(/** @type {number} */ (this.#known.keys().next().value));
  }
}

export const people = new People();

/** What somebody is called. @param {{ username: string, display_name?: string }} person */
export const called = (person) => person.display_name || person.username;
