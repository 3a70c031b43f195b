// What a stranger sees: one card in which to log in, sign up, or get back in.

import { parlour, session } from './session.js';
import { field, form } from './forms.js';
import { fill, h, icon } from './dom.js';
import { router } from './router.js';

/** @import { Place } from './router.js' */
/** @import { Child } from './dom.js' */

/** The pages of this card by the first part of their path. @type {Record<string, (place: Place) => Child>} */
const CARDS = { login: logIn, signup: signUp, forgot, reset };

/** Whether a path is one of this card's. @param {string | undefined} name */
export const isWelcome = (name) => name !== undefined && name in CARDS;

/**
 * @param {HTMLElement} page
 * @param {Place} place
 * @param {string} why a sentence about why one is here
 */
export function showWelcome(page, place, why) {
  const card = CARDS[place.path[0] ?? ''] ?? logIn;
  const mark = h('p', { class: 'mark' }, h('img', { src: '/icon.svg', alt: '', width: 28, height: 28 }), 'Parlour');
  const notice = why && h('p', { class: 'notice', role: 'status' }, why);
  fill(page, h('main', { class: 'card', id: 'main' }, mark, notice, card(place)));
  document.title = `${page.querySelector('h1')?.textContent} · Parlour`;
  if (matchMedia('(hover: hover)').matches) page.querySelector('input')?.focus();
}

/** Where somebody wanted to go before they were asked who they are. @param {Place} place */
function onwards(place) {
  const next = place.query.get('next') ?? '';
  router.go(/^\/app\/[^/\\]/.test(next) ? next : '/app', { replace: true });
}

/** @param {string} name @param {Place} place */
const link = (name, place) => `/app/${name}${place.query.has('next') ? `?next=${encodeURIComponent(place.query.get('next') ?? '')}` : ''}`;

/** @param {Place} place */
function logIn(place) {
  return [
    h('h1', null, 'Good to see you'),
    h('p', { class: 'lead' }, 'A quiet place to talk: rooms for many, and rooms for two.'),
    form(
      'Log in',
      async ({ username = '', password = '' }) => {
        await session.logIn(username.trim(), password);
        onwards(place);
      },
      field('username', 'Username or e-mail', { required: true, autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' }),
      field('password', 'Password', { required: true, type: 'password', autocomplete: 'current-password' }),
    ),
    h('p', { class: 'beneath' }, h('a', { href: '/app/forgot' }, 'Forgot your password?')),
    h('p', { class: 'other' }, 'New here? ', h('a', { href: link('signup', place) }, 'Make an account')),
  ];
}

/** @param {Place} place */
function signUp(place) {
  return [
    h('h1', null, 'Make an account'),
    h('p', { class: 'lead' }, 'A name and a password are enough to start talking.'),
    form(
      'Start talking',
      async ({ username = '', password = '', email = '' }) => {
        await session.signUp({ username: username.trim(), password, ...(email.trim() && { email: email.trim() }) });
        onwards(place);
      },
      field('username', 'Username', { required: true, maxlength: 150, autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', hint: 'Others see it, and can mention you with it.' }),
      field('password', 'Password', { required: true, type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters. A sentence is good.' }),
      field('email', 'E-mail (optional)', { type: 'email', autocomplete: 'email', hint: 'Only for getting back in when you forget the password.' }),
    ),
    h('p', { class: 'other' }, 'Been here before? ', h('a', { href: link('login', place) }, 'Log in')),
  ];
}

function forgot() {
  const card = h('div');
  const done = (/** @type {string} */ email) =>
    fill(
      card,
      badge('mail'),
      h('h1', { tabindex: -1 }, 'Look into your mail'),
      h('p', { dir: 'auto' }, `If an account has the address ${email}, a letter with a link is on its way. The link works once, for an hour.`),
      h('p', { class: 'other' }, h('a', { href: '/app/login' }, 'Back to the log-in')),
    );
  fill(
    card,
    h('h1', null, 'Forgot your password?'),
    h('p', { class: 'lead' }, 'We mail you a link with which you can set a new one.'),
    form(
      'Send the link',
      async ({ email = '' }) => {
        await parlour.post('/password-resets', { email: email.trim() }, { anonymous: true });
        done(email.trim());
        card.querySelector('h1')?.focus();
      },
      field('email', 'E-mail', { required: true, type: 'email', autocomplete: 'email' }),
    ),
    h('p', { class: 'other' }, 'Remembered it? ', h('a', { href: '/app/login' }, 'Log in')),
  );
  return card;
}

/** @param {Place} place */
function reset(place) {
  if (!place.hash) return again('This link is not whole', 'It may have been cut in the mail. Ask for a new one.');
  const card = h('div');
  const confirm = async (/** @type {Record<string, string>} */ { password }) => {
    try {
      await parlour.post('/password-resets/confirm', { secret: place.hash, password }, { anonymous: true });
    } catch (error) {
      if (!(error instanceof Error && 'word' in error && error.word === 'gone')) throw error;
      return fill(card, again('This link has expired', 'It works once, and for an hour. Ask for a new one.'));
    }
    history.replaceState(null, '', '/app/reset');
    fill(
      card,
      badge('check'),
      h('h1', { tabindex: -1 }, 'Your password is set'),
      h('p', null, 'You are logged out everywhere. Log in with the new password.'),
      h('a', { class: 'button primary', href: '/app/login' }, 'Log in'),
    );
  };
  fill(
    card,
    h('h1', null, 'Set a new password'),
    h('p', { class: 'lead' }, 'All your devices will be logged out.'),
    form('Set the password', confirm, field('password', 'New password', { required: true, type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters. A sentence is good.' })),
  );
  return card;
}

/** @param {string} title @param {string} text */
function again(title, text) {
  return [badge('alert'), h('h1', null, title), h('p', null, text), h('a', { class: 'button primary', href: '/app/forgot' }, 'Ask for a new link')];
}

/** @param {string} name */
const badge = (name) => h('div', { class: `badge ${name}` }, icon(name));
