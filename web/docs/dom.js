// Elements in one line. Texts become text nodes, so that no text is ever taken for markup.

/** @typedef {Node | string | null | undefined | false | Child[]} Child */

/**
 * An element: what is a function listens, `true` is a bare attribute, `false` and `null` are none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
export function nodes(children) {
  return children.flatMap((child) => (Array.isArray(child) ? nodes(child) : child === null || child === undefined || child === false ? [] : [child]));
}

/** @param {string} id of an element that the page has */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no #${id}`);
  return element;
}

/** The little Markdown that descriptions have: paragraphs, `code` and [links](/to). @param {string | undefined} text */
export function prose(text) {
  return (text ?? '').split(/\n{2,}/).filter(Boolean).map((paragraph) => h('p', null, inline(paragraph)));
}

/** @param {string} text @returns {Child[]} */
export function inline(text) {
  const found = text.matchAll(/`([^`]+)`|\[([^\]]+)\]\((\/[^)\s]*)\)/g);
  /** @type {Child[]} */
  const pieces = [];
  let at = 0;
  for (const match of found) {
    pieces.push(text.slice(at, match.index), match[1] ? h('code', null, match[1]) : h('a', { href: match[3] }, match[2] ?? ''));
    at = match.index + match[0].length;
  }
  return [...pieces, text.slice(at)];
}

/** Says something to who does not look. @param {string} text */
export function say(text) {
  byId('spoken').textContent = text;
}

/** A text to be read and taken away, with a button that does so. @param {string} text @param {string} label */
export function block(text, label) {
  const button = h('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${label}`, onclick: copy }, 'Copy');
  async function copy() {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    say(`${label} copied`);
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }
  return h('div', { class: 'block' }, h('pre', { tabindex: '0', role: 'group', 'aria-label': label }, h('code', null, text)), button);
}

/** @param {unknown} value */
export const pretty = (value) => JSON.stringify(value, null, 2);
