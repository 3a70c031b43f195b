// One message as a row: who, when, what, what it answers to, and how people reacted.

import { avatar } from './avatar.js';
import { h, icon } from './dom.js';
import { called, people } from './people.js';
import { session } from './session.js';
import { isOnlyEmoji, mentionsMe, rich } from './text.js';
import { momentOf, timeOf } from './time.js';

/** @import { Message, Reaction, Unsent } from '../parlour/types.js' */
/**
 * @typedef {{
 *   react: (message: Message, emoji: string, on: boolean) => void, jump: (seq: number) => void,
 *   retry: (key: string) => void, discard: (key: string) => void,
 * }} Acts
 */
/** What a message answers to; `undefined` while it is read, `null` when there is none or it is gone. */
/** @typedef {Message | null | undefined} Quoted */

/**
 * @param {Message} message
 * @param {boolean} grouped behind another of the same person, so that it needs no name of its own
 * @param {Quoted} quoted
 * @param {Acts} acts
 */
export function messageRow(message, grouped, quoted, acts) {
  const person = people.get(message.author);
  const classes = ['message', grouped && 'grouped', mentionsMe(message.text) && message.author.id !== session.me.id && 'to-me'];
  return h(
    'li',
    { class: classes.filter(Boolean).join(' '), 'data-seq': message.seq, tabindex: -1 },
    grouped ? h('span', { class: 'gutter' }, stamp(message.at)) : avatar(person),
    h(
      'div',
      { class: 'body' },
      h('p', { class: grouped ? 'head unseen' : 'head' }, h('bdi', { class: 'name' }, called(person)), ' ', !grouped && stamp(message.at)),
      message.reply_to !== null && quote(message.reply_to, quoted, acts),
      h(
        'p',
        { class: isOnlyEmoji(message.text) ? 'text large' : 'text', dir: 'auto' },
        rich(message.text),
        message.edited_at && h('span', { class: 'edited', title: momentOf(message.edited_at) }, ' (edited)'),
      ),
      message.reactions.length > 0 && h('div', { class: 'reactions' }, message.reactions.map((one) => reaction(message, one, acts))),
    ),
  );
}

/** Something that makes a row another when it changes. @param {Message} message @param {boolean} grouped @param {Quoted} quoted */
export function signature(message, grouped, quoted) {
  const { display_name, username, avatar: face } = people.get(message.author);
  // Whether it is on its way or gone is told apart, too.
  const answer = quoted === undefined ? 'on its way' : quoted && `${quoted.seq} ${quoted.edited_at} ${called(people.get(quoted.author))}`;
  const reactions = message.reactions.map(({ emoji, count, by }) => [emoji, count, by.map(reactor)]);
  return JSON.stringify([grouped, display_name, username, face, message.edited_at, reactions, answer, message.text.length]);
}

/**
 * A message that is not in the log yet.
 * @param {Unsent} unsent
 * @param {boolean} grouped
 * @param {Acts} acts
 */
export function unsentRow(unsent, grouped, acts) {
  const { me } = session;
  return h(
    'li',
    { class: `message unsent ${unsent.state} ${grouped ? 'grouped' : ''}`, 'data-key': unsent.key, tabindex: -1 },
    grouped ? h('span', { class: 'gutter' }) : avatar(me),
    h(
      'div',
      { class: 'body' },
      h('p', { class: grouped ? 'head unseen' : 'head' }, h('bdi', { class: 'name' }, called(me))),
      h('p', { class: isOnlyEmoji(unsent.text) ? 'text large' : 'text', dir: 'auto' }, rich(unsent.text)),
      fate(unsent, acts),
    ),
  );
}

/** @param {Unsent} unsent @param {Acts} acts */
function fate({ state, key, problem }, acts) {
  if (state === 'failed') {
    return h(
      'p',
      { class: 'fate failed' },
      icon('alert'),
      h('span', null, `Not sent. ${problem ?? ''} `),
      h('button', { type: 'button', class: 'link', onclick: () => acts.retry(key) }, 'Try again'),
      h('button', { type: 'button', class: 'link', onclick: () => acts.discard(key) }, 'Discard'),
    );
  }
  const waits = problem ?? 'Waiting for the connection; it will be sent then.';
  return state === 'waiting' ? h('p', { class: 'fate' }, icon('clock'), h('span', null, waits)) : h('p', { class: 'fate quiet' }, 'Sending …');
}

/** @param {string} at */
const stamp = (at) => h('time', { datetime: at, title: momentOf(at) }, timeOf(at));

/** @param {number} seq @param {Quoted} quoted @param {Acts} acts */
function quote(seq, quoted, acts) {
  if (!quoted) return h('p', { class: 'quote gone' }, quoted === null ? 'A message that is no longer there' : '…');
  const name = called(people.get(quoted.author));
  return h(
    'button',
    { type: 'button', class: 'quote', onclick: () => acts.jump(seq), 'aria-label': `In answer to ${name}: ${quoted.text.slice(0, 80)}` },
    h('bdi', { class: 'name' }, name),
    h('bdi', { class: 'said' }, quoted.text.slice(0, 200)),
  );
}

/** @param {Message} message @param {Reaction} reaction @param {Acts} acts */
function reaction(message, { emoji, count, by }, acts) {
  const mine = by.includes(session.me.id);
  const names = by.map(reactor);
  const more = count > by.length ? [`${count - by.length} more`] : [];
  const label = `${emoji} by ${[...names, ...more].join(', ')}`;
  const press = () => acts.react(message, emoji, !mine);
  return h('button', { type: 'button', class: 'reaction', 'aria-pressed': mine, title: label, 'aria-label': label, onclick: press }, h('span', { class: 'emoji' }, emoji), h('span', null, count));
}

/** @param {number} id */
const reactor = (id) => (id === session.me.id ? 'you' : called(people.get({ id, username: '' })) || 'somebody');
