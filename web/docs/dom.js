// Elements in one line. Texts become text nodes, so that no text is ever taken for markup.

/** An element: what is a function listens, `true` is a bare attribute, `false` and `null` are none. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The little Markdown that descriptions have: paragraphs, `code` and [links](/to). */
export function prose(text) {
  return (text ?? '').split(/\n{2,}/).filter(Boolean).map((paragraph) => h('p', null, inline(paragraph)));
}

export function inline(text) {
  const found = text.matchAll(/`([^`]+)`|\[([^\]]+)\]\((\/[^)\s]*)\)/g);
  const pieces = [];
  let at = 0;
  for (const match of found) {
    pieces.push(text.slice(at, match.index), match[1] ? h('code', null, match[1]) : h('a', { href: match[3] }, match[2]));
    at = match.index + match[0].length;
  }
  return [...pieces, text.slice(at)];
}

/** Says something to who does not look. */
export function say(text) {
  document.getElementById('spoken').textContent = text;
}

/** A text to be read and taken away, with a button that does so. */
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

export const pretty = (value) => JSON.stringify(value, null, 2);
