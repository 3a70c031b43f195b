// The sockets: channels of asyncapi.json, and what is said on them.
import { block, h, inline, pretty, prose } from './dom.js';
import { example, resolve, told } from './schema.js';

/** @import { AsyncApi, Channel, Message, Schema, Socket } from './types.js' */

/** Every channel with what is said on it, by side. The document is the server's: what it receives, a client says. @param {AsyncApi | null} document_ @returns {Socket[]} */
export function channels(document_) {
  const operations = Object.values(document_?.operations ?? {});
  return Object.entries(document_?.channels ?? {}).map(([id, channel]) => {
    const here = operations.filter((one) => one.channel?.$ref === `#/channels/${id}`);
    const said = (/** @type {string} */ action) => here.filter((one) => one.action === action).flatMap((one) => one.messages ?? Object.keys(channel.messages ?? {}).map((name) => ({ $ref: `#/channels/${id}/messages/${name}` })));
    return { id: `socket-${id}`, title: channel.title ?? `The socket “${id}”`, channel, client: said('receive'), server: said('send') };
  });
}

/** @param {AsyncApi} document_ @param {Socket} one */
export function channel(document_, one) {
  return [
    h('p', { class: 'where' }, h('span', { class: 'method ws' }, 'WS'), ' ', h('code', null, one.channel.address ?? '')),
    prose(one.channel.description ?? one.channel.summary),
    parameters(one.channel.parameters),
    messages(document_, 'A client says', one.client, 'required'),
    messages(document_, 'The server says', one.server),
  ];
}

/** @param {Channel['parameters']} all */
function parameters(all) {
  const entries = Object.entries(all ?? {});
  if (entries.length === 0) return null;
  return [h('h3', null, 'Parameters'), h('ul', { class: 'fields' }, entries.map(([name, one]) => h('li', null, h('code', { class: 'name' }, name), h('div', { class: 'about' }, inline(one.description ?? '')))))];
}

/** @param {AsyncApi} document_ @param {string} heading @param {Schema[]} references @param {string} [must] */
function messages(document_, heading, references, must) {
  if (references.length === 0) return null;
  const list = references.map((reference) => message(document_, /** @type {Message} */ (resolve(document_, reference)), reference.$ref?.split('/').pop() ?? '', must));
  return [h('h3', null, heading), h('ul', { class: 'answers' }, list)];
}

/** @param {AsyncApi} document_ @param {Message} it @param {string} id @param {string} [must] */
function message(document_, it, id, must) {
  const payload = it.payload?.schema ?? it.payload ?? {};
  const given = it.examples?.map((one) => one.payload) ?? [];
  const texts = given.length > 0 ? given : [example(document_, payload)];
  const summary = it.summary ?? resolve(document_, payload).description;
  return h('li', null, h('details', null, h('summary', null, h('code', { class: 'name' }, it.name ?? it.title ?? id), summary ? [' ', inline(summary)] : null),
    prose(it.description), told(document_, payload, must), texts.map((text) => block(pretty(text), `an example of ${it.name ?? id}`))));
}
