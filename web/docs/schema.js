// Schemas: told to a reader, and turned into examples.
import { h, inline } from './dom.js';

/** @import { Child } from './dom.js' */
/** @import { Schema } from './types.js' */

/**
 * What `$ref` names, in its own document.
 * @param {object} document
 * @param {Schema | undefined} schema
 * @returns {Schema}
 */
export function resolve(document, schema) {
  let found = schema ?? {};
  for (let steps = 0; found.$ref && steps < 8; steps += 1) {
    const way = found.$ref.slice(2).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    found = way.reduce((/** @type {any} */ at, part) => at?.[part], document) ?? {};
  }
  return found;
}

/** @param {Schema | undefined} schema */
const nameOf = (schema) => schema?.$ref?.split('/').pop();
/** @param {Schema} schema */
const choicesOf = (schema) => schema.oneOf ?? schema.anyOf;
/** @param {Schema} schema */
const isNull = (schema) => schema.type === 'null';

/** Parts that stand together, put together. @param {object} document @param {Schema} schema @returns {Schema} */
function whole(document, schema) {
  const found = resolve(document, schema);
  if (!found.allOf) return found;
  const parts = found.allOf.map((part) => whole(document, part));
  return {
    ...found,
    type: 'object',
    properties: Object.assign({}, found.properties, ...parts.map((part) => part.properties)),
    required: [...(found.required ?? []), ...parts.flatMap((part) => part.required ?? [])],
  };
}

/** Its type in a few words. @param {object} document @param {Schema} schema @returns {string} */
export function typeOf(document, schema) {
  const found = resolve(document, schema);
  const choices = choicesOf(found);
  if (choices) return [...new Set(choices.map((choice) => typeOf(document, choice)))].join(' or ');
  if ('const' in found) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (found.type === 'array') return `list of ${typeOf(document, found.items ?? {})}`;
  const types = [found.type ?? (found.properties || found.allOf ? 'object' : 'anything')].flat();
  const bounds = [found.minimum !== undefined && `from ${found.minimum}`, found.maximum !== undefined && `to ${found.maximum}`];
  const named = types.map((type) => (type === 'object' ? nameOf(schema) ?? 'object' : type)).join(' or ');
  return [named, found.format && !/^u?int/.test(found.format) && `(${found.format})`, ...bounds].filter(Boolean).join(' ');
}

/** What it has inside; `null` for what is told in its type. @param {object} document @param {Schema} schema @param {string} [must] @returns {HTMLElement | null} */
export function told(document, schema, must = 'always') {
  const found = whole(document, schema);
  const choices = choicesOf(found)?.filter((choice) => !isNull(resolve(document, choice)));
  if (choices?.[0] && choices.length === 1) return told(document, choices[0], must);
  if (choices) {
    const inner = choices.map((choice) => ({ choice, content: told(document, choice, must) })).filter(({ content }) => content);
    return inner.length === 0 ? null : h('ul', { class: 'choices' }, inner.map(({ choice, content }) => h('li', null, folded(title(document, choice), content))));
  }
  if (found.type === 'array') return told(document, found.items ?? {}, must);
  if (found.properties) {
    const needed = (/** @type {[string, Schema]} */ [name]) => (found.required?.includes(name) ? 0 : 1);
    const all = Object.entries(found.properties).sort((one, other) => needed(one) - needed(other));
    return h('ul', { class: 'fields' }, all.map((one) => row(document, one[0], one[1], must, needed(one) === 0)));
  }
  return typeof found.additionalProperties === 'object' ? h('ul', { class: 'fields' }, row(document, 'any name', found.additionalProperties, must)) : null;
}

/** A choice is best known by the word that tells it from the others. @param {object} document @param {Schema} choice */
function title(document, choice) {
  const found = whole(document, choice);
  const fixed = Object.entries(found.properties ?? {}).find(([, field]) => 'const' in field || field.enum?.length === 1);
  return fixed ? `${fixed[0]}: ${JSON.stringify(fixed[1].const ?? fixed[1].enum?.[0])}` : nameOf(choice) ?? typeOf(document, choice);
}

/** @param {string} summary @param {Child} content */
function folded(summary, content) {
  return h('details', null, h('summary', null, h('code', null, summary)), content);
}

/** A field; what it has inside is drawn when it is opened, because schemas may hold themselves. @param {object} document @param {string} name @param {Schema} schema @param {string} must @param {boolean} [required] */
function row(document, name, schema, must, required) {
  const found = resolve(document, schema);
  const head = [h('code', { class: 'name' }, name), ' ', h('span', { class: 'type' }, typeOf(document, schema)), required ? ' ' : null, required ? h('span', { class: 'must' }, must) : null];
  const description = schema.description ?? found.description;
  const text = description ? h('div', { class: 'about' }, inline(description)) : null;
  if (!deep(document, schema)) return h('li', null, head, text);
  const details = h('details', { ontoggle: open }, h('summary', null, head), text);
  function open() {
    if (details.open && !details.dataset.drawn) {
      details.dataset.drawn = 'yes';
      details.append(told(document, schema, must) ?? '');
    }
  }
  return h('li', null, details);
}

/** @param {object} document @param {Schema} schema @returns {boolean} */
function deep(document, schema) {
  const found = whole(document, schema);
  if (found.type === 'array') return deep(document, found.items ?? {});
  return Boolean(found.properties || typeof found.additionalProperties === 'object' || choicesOf(found)?.some((choice) => deep(document, choice)));
}

/** @type {Record<string, string>} */
const TEXTS = { 'date-time': '2026-11-28T09:47:45.137360Z', email: 'ada@example.com', uri: 'https://chat.example/', password: 'correct horse battery staple' };
/** @type {Record<string, string | undefined>} */
const NAMES = {
  username: 'ada', display_name: 'Ada', email: 'ada@example.com', password: TEXTS.password, password_confirm: TEXTS.password, secret: TEXTS.password,
  firstName: 'Ada', lastName: 'Lovelace', first_name: 'Ada', last_name: 'Lovelace', facility_id: '234', text: 'Hello!', room: 'tea', topic: 'Tea, and what goes with it', emoji: '👍', key: 'k1',
};

/** A value that fits. `name` is that of the field, which often says more than its type. @param {object} document @param {Schema} schema @param {string} [name] @param {number} [depth] @returns {unknown} */
export function example(document, schema, name = '', depth = 0) {
  const found = whole(document, schema);
  if (found.examples?.length) return found.examples[0];
  if ('example' in found) return found.example;
  if ('const' in found) return found.const;
  if (found.enum) return found.enum[0];
  if ('default' in found) return found.default;
  const choice = choicesOf(found)?.find((one) => !isNull(resolve(document, one)));
  if (choice) return example(document, choice, name, depth);
  const type = [found.type ?? (found.properties ? 'object' : 'null')].flat().find((one) => one !== 'null') ?? 'null';
  if (type === 'object') return depth > 4 ? {} : fields(document, found, depth);
  if (type === 'array') return depth > 4 ? [] : [example(document, found.items ?? {}, name.replace(/s$/, ''), depth + 1)];
  if (type === 'string') return TEXTS[found.format ?? ''] ?? NAMES[name] ?? (/_at$|^at$|until$/.test(name) ? TEXTS['date-time'] : '…');
  return /** @type {Record<string, unknown>} */ ({ integer: found.minimum ?? 12, number: 1, boolean: true })[type] ?? null;
}

/** @param {object} document @param {Schema} schema @param {number} depth */
function fields(document, schema, depth) {
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(properties.map(([name, field]) => [name, example(document, field, name, depth + 1)]));
}
