// Where everything begins: who is logged in, and what they want to see.

import { byId, fill, h } from './dom.js';
import { Offline, Problem } from '../parlour.js';
import { people } from './people.js';
import './rooms.js';
import { router } from './router.js';
import { parlour, session } from './session.js';
import { makeShell } from './shell.js';
import { isWelcome, showWelcome } from './welcome.js';

const root = byId('app');
/** @type {ReturnType<typeof makeShell> | null} */
let shell = null;
let why = '';

/** Shows what the address names to whoever is there. */
function show() {
  const place = router.place();
  const welcome = isWelcome(place.path[0]);
  if (session.isIn && welcome && place.path[0] !== 'reset') return router.go('/app', { replace: true });
  if (session.isIn && !welcome) {
    shell ??= makeShell();
    if (!shell.parts[0]?.isConnected) fill(root, ...shell.parts);
    return void shell.show(place);
  }
  shell?.leave();
  const wanted = location.pathname + location.search;
  if (!welcome) return router.go(`/app/login${place.path.length > 0 ? `?next=${encodeURIComponent(wanted)}` : ''}`, { replace: true });
  showWelcome(root, place, why);
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
  const again = h('button', { type: 'button', class: 'primary', onclick: () => void begin() }, 'Try again');
  fill(root, h('main', { class: 'card', id: 'main' }, h('h1', null, 'One moment, please'), h('p', null, error.message), again));
  addEventListener('online', () => void begin(), { once: true });
}

void begin();
