// One route of the server.
import { attempt } from './attempt.js';
import { block, h, inline, pretty, prose } from './dom.js';
import { example, resolve, told, typeOf } from './schema.js';

/** @import { Answer, Media, OpenApi, Operation, Parameter, Route } from './types.js' */

/** @type {Record<string, string>} */
const SCHEMES = { token: 'a token', cookie: 'the session cookie', access: 'X-Access-Token', refresh: 'X-Refresh-Token' };

/** All of it. @param {OpenApi} document_ @param {Route} route */
export function operation(document_, route) {
  const { operation: it, method, path } = route;
  const isSocket = '101' in it.responses;
  return [
    h('p', { class: 'where' }, h('span', { class: `method ${method.toLowerCase()}` }, method), ' ', h('code', null, path)),
    prose(it.description),
    h('p', { class: 'quiet' }, credentials(it.security)),
    parameters(document_, it.parameters ?? []),
    request(document_, it.requestBody),
    h('h3', null, 'Answers'),
    h('ul', { class: 'answers' }, Object.entries(it.responses).map(([status, response]) => answer(document_, status, response))),
    isSocket ? h('p', null, 'This opens a WebSocket; what is said on it stands under “Sockets”.') : attempt(document_, route),
  ];
}

/** @param {Operation['security']} security */
function credentials(security) {
  const ways = (security ?? []).map((way) => Object.keys(way).map((scheme) => SCHEMES[scheme] ?? scheme).join(' and '));
  if (ways.every((way) => !way)) return 'Needs no login.';
  return `Credential: ${ways.map((way) => way || 'none at all').join(', or ')}.`;
}

/** @param {OpenApi} document_ @param {Parameter[]} all */
function parameters(document_, all) {
  if (all.length === 0) return null;
  const line = (/** @type {Parameter} */ one) => h('li', null, h('code', { class: 'name' }, one.name), ' ', h('span', { class: 'type' }, `${typeOf(document_, one.schema)}, in ${one.in}`),
    one.required ? [' ', h('span', { class: 'must' }, 'required')] : null, one.description ? h('div', { class: 'about' }, inline(one.description)) : null);
  return [h('h3', null, 'Parameters'), h('ul', { class: 'fields' }, all.map(line))];
}

/** @param {OpenApi} document_ @param {Operation['requestBody']} body */
function request(document_, body) {
  if (!body) return null;
  return [h('h3', null, 'Body'), Object.entries(body.content).map(([type, media]) => content(document_, type, media, 'the body', 'required'))];
}

/** A body of a type: what is in it, and an example. @param {OpenApi} document_ @param {string} type @param {Media} media @param {string} label @param {string} [must] */
function content(document_, type, media, label, must) {
  const inside = media.schema ? told(document_, media.schema, must) : null;
  const text = media.example ?? (media.schema && /json/.test(type) ? example(document_, media.schema) : undefined);
  const described = resolve(document_, media.schema).description;
  return h('div', { class: 'content' }, h('p', null, h('code', null, type), described ? [': ', inline(described)] : null), inside,
    text === undefined ? null : h('details', null, h('summary', null, 'Example'), block(pretty(text), `an example of ${label}`)));
}

/** @param {OpenApi} document_ @param {string} status @param {Answer} response */
function answer(document_, status, response) {
  const good = status < '400';
  const media = Object.entries(response.content ?? {});
  const headers = Object.entries(response.headers ?? {});
  const head = [h('b', { class: good ? 'good' : 'bad' }, status), ' ', inline(response.description ?? '')];
  if (media.length === 0 && headers.length === 0) return h('li', { class: 'bare' }, head);
  return h('li', null, h('details', good ? { open: true } : null, h('summary', null, head),
    headers.map(([name, header]) => h('p', { class: 'header' }, h('code', null, name), ' ', inline(resolve(document_, header).description ?? ''))),
    media.map(([type, one]) => content(document_, type, one, `the answer ${status}`)), 'application/problem+json' in (response.content ?? {}) ? types(document_, status) : null));
}

/** The problems that have this status. @param {OpenApi} document_ @param {string} status */
function types(document_, status) {
  const all = (document_['x-problems'] ?? []).filter((one) => String(one.status) === status);
  return h('p', { class: 'header' }, 'Types: ', all.map((one, at) => [at > 0 ? ', ' : '', h('a', { href: `#${one.word}` }, one.word)]), '.');
}
