// Where everything begins: who is logged in, and what they want to see.

import { byId, fill, h } from './dom.js';
import { Offline, Problem } from '../parlour.js';
import { people } from './people.js';
import { router } from './router.js';
import { parlour, session } from './session.js';
import { isWelcome, showWelcome } from './welcome.js';

/** @import { Place } from './router.js' */

const root = byId('app');
/** What is behind the log-in: on its way from the beginning, so that it is there when it is wanted. */
const inside = import('./shell.js').catch(() => null);
/** @type {import('./shell.js').Shell | null} */
let shell = null;
let why = '';

/** Shows what the address names to whoever is there. */
function show() {
  const place = router.place();
  const welcome = isWelcome(place.path[0]);
  if (session.isIn && welcome && place.path[0] !== 'reset') return router.go('/app', { replace: true });
  if (session.isIn && !welcome) {
    return void enter(place);
  }
  shell?.leave();
  const wanted = location.pathname + location.search;
  if (!welcome) return router.go(`/app/login${place.path.length > 0 ? `?next=${encodeURIComponent(wanted)}` : ''}`, { replace: true });
  showWelcome(root, place, why);
}

/** @param {Place} place */
async function enter(place) {
  const loaded = await inside;
  if (!loaded) return card('This page could not be loaded', 'The connection is gone, or the server has a newer version.', 'Load anew', () => location.reload());
  if (!session.isIn) return;
  shell ??= loaded.makeShell();
  if (!shell.parts[0]?.isConnected) fill(root, ...shell.parts);
  await shell.show(place);
}

session.on('out', (reason) => {
  why = reason;
  people.forget();
  document.querySelector('dialog[open]')?.remove();
  show();
});
session.on('in', () => (why = ''));

async function begin() {
  try {
    // A browser without a cookie need not ask who it is.
    if (document.documentElement.dataset.cookie === 'yes') session.begin(await parlour.me());
  } catch (error) {
    if (error instanceof Offline || (error instanceof Problem && error.status >= 500)) return later(error);
  }
  router.on('place', show);
  show();
}

/** The server is away: nobody can be told who they are. @param {Error} error */
function later(error) {
  card('One moment, please', error.message, 'Try again', () => void begin());
  addEventListener('online', () => void begin(), { once: true });
}

/** @param {string} title @param {string} text @param {string} label @param {() => void} act */
function card(title, text, label, act) {
  fill(root, h('main', { class: 'card', id: 'main' }, h('h1', null, title), h('p', null, text), h('button', { type: 'button', class: 'primary', onclick: act }, label)));
}

void begin();
