// The timeline on the screen: rows for the log's window, drawn so that what one reads does not move.

import { fill, h, icon, soon } from './dom.js';
import { messageRow, signature, unsentRow } from './message.js';
import { people } from './people.js';
import { rove } from './roving.js';
import { session } from './session.js';
import { dayOf, sameDay } from './time.js';

/** @import { Log } from './log.js' */
/** @import { Acts } from './message.js' */
/** @import { Message } from '../parlour/types.js' */
/** @typedef {{ key: string, sign: string, draw: () => HTMLElement }} Row */

/** So close to an edge, in pixels, the next page is asked for. */
const NEAR = 1_200;
/** So close to the end one counts as being there. */
const AT_END = 48;
/** Messages of one person within these milliseconds stand together. */
const TOGETHER = 5 * 60_000;

export class Timeline {
  #log;
  #acts;
  #seen;
  #list;
  /** @type {Map<string, { sign: string, element: HTMLElement }>} */
  #drawn = new Map();
  /** Whether the end is held on to when something is added there. */
  #held = true;
  /** How high the window on the timeline was when that was last seen to. */
  #height = 0;
  /** @type {number | null} */
  #target = null;
  /** The last read when the room was opened; the line stands behind it. */
  #readTo;
  #news = 0;
  /** Whether one has not come by that line yet. */
  #lost;
  #settle;

  /**
   * @param {Log} log
   * @param {number} readTo
   * @param {Acts} acts
   * @param {(seq: number) => void} seen called with the newest that somebody has had before their eyes
   */
  constructor(log, readTo, acts, seen) {
    this.#log = log;
    this.#readTo = readTo;
    this.#lost = readTo > 0;
    this.#acts = acts;
    this.#seen = seen;
    this.#list = h('ol', { class: 'messages', 'aria-label': 'Messages' });
    this.#settle = rove(this.#list, '.message', { fromEnd: true });
    this.start = h('div', { class: 'start' });
    this.scroller = h('div', { class: 'scroller', tabindex: -1 }, this.start, this.#list);
    this.latest = h('button', { type: 'button', class: 'latest', hidden: true, onclick: () => this.toEnd() });
    this.unread = h('button', { type: 'button', class: 'latest first', hidden: true, onclick: () => void this.jump(readTo + 1) }, 'To the first unread', icon('up'));
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.draw = soon(() => this.#draw());
    const watcher = new ResizeObserver(() => {
      this.#height = this.scroller.clientHeight;
      if (this.#held && !this.#log.after) this.#toBottom();
    });
    watcher.observe(this.scroller);
    watcher.observe(this.#list);
    const offs = [log.on('change', this.draw), people.on('change', this.draw), session.outbox.on('change', (room) => room === log.name && this.draw())];
    const fresh = log.on('fresh', () => (this.#news += this.#held ? 0 : 1));
    const look = () => this.#look();
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    /** Lets go of everything that would keep this alive. */
    this.close = () => {
      for (const off of [...offs, fresh]) off();
      watcher.disconnect();
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }

  /** Shows a message, wherever it is. @param {number} seq */
  async jump(seq) {
    this.#target = seq;
    this.#held = false;
    if (!this.#log.has(seq)) await this.#log.open(seq);
    this.draw();
  }

  /** Shows the newest. */
  async toEnd() {
    this.#held = true;
    this.#news = 0;
    if (this.#log.after) await this.#log.open();
    this.draw();
    this.#toBottom();
  }

  /** The row of a message, if it is there. @param {number} seq */
  row(seq) {
    return this.#drawn.get(`m${seq}`)?.element;
  }

  #draw() {
    const anchor = this.#held && !this.#log.after ? null : this.#anchor();
    this.#reconcile(this.#rows());
    if (this.#target !== null && this.#log.state === 'ready') this.#show(this.#target);
    else if (anchor) this.#keep(anchor);
    else this.#toBottom();
    this.#look();
    this.#pill();
    this.#fetch();
  }

  /**
   * The first row that can be seen, and where it ends; there it shall end afterwards, too. Not where it begins: it may
   * lose its name to a message before it.
   */
  #anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const { seq } of this.#log.items) {
      const bottom = this.row(seq)?.getBoundingClientRect().bottom ?? 0;
      if (bottom > edge) return { seq, bottom };
    }
    return null;
  }

  /** @param {{ seq: number, bottom: number }} anchor */
  #keep({ seq, bottom }) {
    const row = this.row(seq);
    if (row) this.scroller.scrollTop += row.getBoundingClientRect().bottom - bottom;
  }

  /** Everything that is to be seen, in order. */
  #rows() {
    /** @type {Row[]} */
    const rows = [];
    const { items } = this.#log;
    let lined = this.#readTo <= 0;
    items.forEach((message, index) => {
      const before = items[index - 1];
      const newDay = !before || !sameDay(before.at, message.at);
      const unread = !lined && message.seq > this.#readTo && message.author.id !== session.me.id;
      if (newDay && (before || !this.#log.before)) rows.push(line(`d${message.at.slice(0, 10)}`, dayOf(message.at), 'day'));
      if (unread) {
        lined = true;
        if (before) rows.push(line('unread', 'New', 'unread'));
      }
      const grouped = !newDay && !unread && together(before, message);
      rows.push(this.#row(message, grouped));
    });
    if (!this.#log.after) rows.push(...this.#unsent());
    return rows;
  }

  /** @param {Message} message @param {boolean} grouped @returns {Row} */
  #row(message, grouped) {
    const quoted = message.reply_to === null ? null : this.#log.quoted(message.reply_to);
    return {
      key: `m${message.seq}`,
      sign: signature(message, grouped, quoted),
      draw: () => messageRow(message, grouped, quoted, this.#acts),
    };
  }

  /** @returns {Row[]} */
  #unsent() {
    const last = this.#log.items.at(-1);
    const unsent = session.outbox.of(this.#log.name).filter(({ seq }) => seq === null || seq > (last?.seq ?? 0));
    return unsent.map((one, index) => {
      const grouped = index > 0 || (last !== undefined && last.author.id === session.me.id && one.at - Date.parse(last.at) < TOGETHER);
      return { key: `u${one.key}`, sign: `${one.state} ${one.problem} ${grouped}`, draw: () => unsentRow(one, grouped, this.#acts) };
    });
  }

  /** Makes the list show these rows, touching only those that are others. @param {Row[]} rows */
  #reconcile(rows) {
    const before = this.#drawn;
    this.#drawn = new Map();
    const focused = document.activeElement?.closest('.message');
    let next = this.#list.firstElementChild;
    for (const { key, sign, draw } of rows) {
      const known = before.get(key);
      const element = known?.sign === sign ? known.element : draw();
      this.#drawn.set(key, { sign, element });
      before.delete(key);
      if (known && known.element !== element) {
        if (next === known.element) next = element;
        known.element.replaceWith(element);
        if (focused === known.element) element.focus({ preventScroll: true });
      }
      if (element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(element, next);
    }
    for (const { element } of before.values()) element.remove();
    this.#settle();
  }

  /** @param {number} seq */
  #show(seq) {
    this.#target = null;
    // What has this number may be no message: then the next that is one.
    const next = this.#log.items.find((message) => message.seq >= seq);
    const row = next && this.row(next.seq);
    if (!row) return;
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
    row.classList.add('shown');
    setTimeout(() => row.classList.remove('shown'), 2_000);
  }

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  get #atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < AT_END && !this.#log.after;
  }

  #scrolled() {
    // What scrolls because the height is another is nobody's wish; the watcher sees to it.
    if (this.scroller.clientHeight === this.#height) this.#held = this.#atEnd;
    if (this.#held) this.#news = 0;
    this.#fetch();
    this.#look();
    this.#pill();
  }

  #fetch() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (this.#log.state !== 'ready' || clientHeight === 0) return;
    if (scrollTop < NEAR) void this.#log.older();
    if (scrollHeight - scrollTop - clientHeight < NEAR) void this.#log.newer();
  }

  /** Tells what has been seen: only of a page that somebody looks at. */
  #look() {
    const last = this.#log.items.at(-1);
    if (last && this.#atEnd && !document.hidden && document.hasFocus()) this.#seen(last.seq);
  }

  /** Whether what was not read yet begins above of what can be seen. */
  #isAbove() {
    const first = this.#log.items.find(({ seq }) => seq > this.#readTo);
    const row = first && this.row(first.seq);
    if (!first || !row) return true;
    const edge = this.scroller.getBoundingClientRect().top;
    return row.getBoundingClientRect().top < edge || (first === this.#log.items[0] && this.#log.before);
  }

  #pill() {
    this.#lost &&= this.#isAbove();
    this.unread.hidden = !this.#lost || this.#log.items.length === 0;
    this.latest.hidden = this.#atEnd || this.#log.items.length === 0;
    const news = this.#news > 0 ? `${this.#news} new message${this.#news === 1 ? '' : 's'}` : 'Jump to latest';
    if (this.latest.textContent !== news) fill(this.latest, news, icon('down'));
  }
}

/** @param {string} key @param {string} text @param {string} kind @returns {Row} */
function line(key, text, kind) {
  return { key, sign: text, draw: () => h('li', { class: `line ${kind}` }, h('span', null, text)) };
}

/** @param {Message | undefined} before @param {Message} message */
function together(before, message) {
  return before?.author.id === message.author.id && message.reply_to === null && Date.parse(message.at) - Date.parse(before.at) < TOGETHER;
}
