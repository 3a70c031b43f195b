// The sockets: channels of asyncapi.json, and what is said on them.
import { block, h, inline, pretty, prose } from './dom.js';
import { example, resolve, told } from './schema.js';

/** Every channel with what is said on it, by side. The document is the server's: what it receives, a client says. */
export function channels(document_) {
  const operations = Object.values(document_?.operations ?? {});
  return Object.entries(document_?.channels ?? {}).map(([id, channel]) => {
    const here = operations.filter((one) => one.channel?.$ref === `#/channels/${id}`);
    const said = (action) => here.filter((one) => one.action === action).flatMap((one) => one.messages ?? Object.keys(channel.messages ?? {}).map((name) => ({ $ref: `#/channels/${id}/messages/${name}` })));
    return { id: `socket-${id}`, title: channel.title ?? `The socket “${id}”`, channel, client: said('receive'), server: said('send') };
  });
}

export function channel(document_, one) {
  return [
    h('p', { class: 'where' }, h('span', { class: 'method ws' }, 'WS'), ' ', h('code', null, one.channel.address ?? '')),
    prose(one.channel.description ?? one.channel.summary),
    parameters(one.channel.parameters),
    messages(document_, 'A client says', one.client, 'required'),
    messages(document_, 'The server says', one.server),
  ];
}

function parameters(all) {
  const entries = Object.entries(all ?? {});
  if (entries.length === 0) return null;
  return [h('h3', null, 'Parameters'), h('ul', { class: 'fields' }, entries.map(([name, one]) => h('li', null, h('code', { class: 'name' }, name), h('div', { class: 'about' }, inline(one.description ?? '')))))];
}

function messages(document_, heading, references, must) {
  if (references.length === 0) return null;
  const list = references.map((reference) => message(document_, resolve(document_, reference), reference.$ref?.split('/').pop(), must));
  return [h('h3', null, heading), h('ul', { class: 'answers' }, list)];
}

function message(document_, it, id, must) {
  const payload = it.payload?.schema ?? it.payload ?? {};
  const given = it.examples?.map((one) => one.payload) ?? [];
  const texts = given.length > 0 ? given : [example(document_, payload)];
  const summary = it.summary ?? resolve(document_, payload).description;
  return h('li', null, h('details', null, h('summary', null, h('code', { class: 'name' }, it.name ?? it.title ?? id), summary ? [' ', inline(summary)] : null),
    prose(it.description), told(document_, payload, must), texts.map((text) => block(pretty(text), `an example of ${it.name ?? id}`))));
}
