// Forms: fields with their names, hints and complaints, and a button that shows when it works.

import { h, icon } from './dom.js';
import { Offline, Problem } from '../parlour.js';

/** @import { Child, Props } from './dom.js' */

let number = 0;

/**
 * A labelled field. Its complaint is read out together with it.
 * @param {string} name as the server's violations call it
 * @param {string} label
 * @param {Props & { hint?: string, area?: boolean }} [props] of the input
 */
export function field(name, label, { hint, area, ...props } = {}) {
  const id = `field-${(number += 1)}`;
  const described = `${id}-hint ${id}-error`;
  const shared = { id, name, 'aria-describedby': described, ...props };
  const input = area ? h('textarea', { rows: 3, ...shared }) : h('input', { type: 'text', ...shared });
  return h(
    'div',
    { class: 'field', 'data-field': name },
    h('label', { for: id }, label),
    hint && h('p', { class: 'hint', id: `${id}-hint` }, hint),
    props.type === 'password' ? h('div', { class: 'with-eye' }, input, eye(/** @type {HTMLInputElement} */ (input))) : input,
    h('p', { class: 'complaint', id: `${id}-error`, 'aria-live': 'polite' }),
  );
}

/** Shows what was typed. @param {HTMLInputElement} input */
function eye(input) {
  const button = h('button', { type: 'button', class: 'eye', 'aria-label': 'Show the password', 'aria-pressed': 'false' }, icon('eye'));
  button.addEventListener('click', () => {
    const shown = input.type === 'text';
    input.type = shown ? 'password' : 'text';
    button.setAttribute('aria-pressed', String(!shown));
  });
  return button;
}

/**
 * @param {string} name
 * @param {string} label
 * @param {[string, string][]} options values and their words
 * @param {Props} [props]
 */
export function choice(name, label, options, props) {
  const id = `field-${(number += 1)}`;
  const select = h('select', { id, name, ...props }, options.map(([value, text]) => h('option', { value }, text)));
  if (props?.value) select.value = props.value;
  return h('div', { class: 'field', 'data-field': name }, h('label', { for: id }, label), select, h('p', { class: 'complaint', 'aria-live': 'polite' }));
}

/**
 * A form that calls `work` with its values. While it works its button says so; what the server complains of stands at
 * the fields, everything else above the button.
 * @param {string} label of the button
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} work
 * @param {...Child} fields
 */
export function form(label, work, ...fields) {
  const general = h('p', { class: 'complaint general', role: 'alert' });
  const button = h('button', { class: 'primary', type: 'submit' }, label);
  const element = h('form', { novalidate: true }, ...fields, general, button);
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-busy') === 'true') return;
    clear(element);
    const needed = /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll('[required]')]);
    const missing = needed.find((input) => input.value.trim() === '');
    if (missing) return blame(missing, 'Please fill this in.');
    button.setAttribute('aria-busy', 'true');
    try {
      await work(/** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element))), element);
    } catch (error) {
      tell(element, general, error);
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return element;
}

/** @param {HTMLFormElement} element */
function clear(element) {
  for (const complaint of element.querySelectorAll('.complaint')) complaint.textContent = '';
  for (const input of element.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
}

/** @param {HTMLElement} input @param {string} sentence */
function blame(input, sentence) {
  const complaint = input.closest('.field')?.querySelector('.complaint');
  if (complaint) complaint.textContent = sentence;
  input.setAttribute('aria-invalid', 'true');
  input.focus();
}

/** @param {HTMLFormElement} element @param {HTMLElement} general @param {unknown} error */
function tell(element, general, error) {
  const violations = error instanceof Problem ? error.violations : [];
  const known = violations.filter(({ field }) => element.querySelector(`[name="${CSS.escape(field)}"]`));
  for (const { field, message } of known.reverse()) {
    blame(/** @type {HTMLElement} */ (element.querySelector(`[name="${CSS.escape(field)}"]`)), message);
  }
  if (known.length === 0) general.textContent = sentence(error);
}

/** What went wrong, for people. @param {unknown} error */
export function sentence(error) {
  if (error instanceof Offline) return 'The server cannot be reached. Check your connection and try again.';
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  if (error.word === 'bad_credentials') return 'No account has this name and password. Check both.';
  if (error.word === 'throttled') return `That was too often. Try again in ${error.retryAfter ?? 60} seconds.`;
  if (error.word === 'internal') return 'Something went wrong at the server. Please try again.';
  return error.violations[0]?.message ?? error.message;
}
