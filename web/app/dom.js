// Elements in one line. Texts become text nodes, so that no text is ever taken for markup.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */
/** @typedef {Record<string, any>} Props */

/** Set as properties, because the attribute of that name says something else. */
const PROPERTIES = new Set(['value', 'checked', 'indeterminate', 'tabIndex', 'textContent', 'returnValue']);

/**
 * An element. What begins with `on` and is a function listens; `true` is a bare attribute; `false` and `null` are none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) /** @type {any} */ (element)[name] = value;
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
  return children.flatMap((child) => {
    if (Array.isArray(child)) return nodes(child);
    return child === null || child === undefined || child === false ? [] : [typeof child === 'number' ? String(child) : child];
  });
}

/**
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * A symbol of `icons.svg`, which the page has in itself. It says nothing to a screen reader.
 * @param {string} name
 */
export function icon(name) {
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  const image = svg('svg', { class: 'icon', 'aria-hidden': 'true' });
  image.append(use);
  return image;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
export function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * A button that is only a symbol; `label` is its name and its tip.
 * @param {string} symbol
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {Props} [props]
 */
export function iconButton(symbol, label, onclick, props) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...props }, icon(symbol));
}

/**
 * The element of that id, which the page is known to have.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no #${id}`);
  return element;
}

/**
 * Calls `work` once before the next frame, however often it is asked for until then.
 * @param {() => void} work
 */
export function soon(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden page draws no frames, and shall still be right when it is shown.
    const later = document.hidden ? setTimeout : requestAnimationFrame;
    later(() => {
      asked = false;
      work();
    });
  };
}

/**
 * Calls `work` when nobody has asked for it again during `pause` milliseconds.
 * @template {any[]} Given
 * @param {(...given: Given) => void} work
 * @param {number} pause
 */
export function settled(work, pause) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {Given} */ ...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), pause);
  };
}
