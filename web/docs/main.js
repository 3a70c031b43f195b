// The page about everything that programs may ask: contents at the side, one entry at a time.
import { askForToken } from './attempt.js';
import { byId, h, inline, nodes, prose, say } from './dom.js';
import { operation } from './operation.js';
import { channel, channels } from './sockets.js';

/** @import { Child } from './dom.js' */
/** @import { AsyncApi, Kind, OpenApi } from './types.js' */
/** @typedef {{ id: string, title: string, method: string, path: string, words: string, draw: () => Child[] }} Told */
/** Its link in the contents, and all of its words. @typedef {Told & { link: HTMLAnchorElement, text: string }} Entry */
/** @typedef {{ title: string, about: string, entries: Entry[] }} Group */

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'];
const [nav, main, menu] = [byId('index'), byId('content'), byId('menu')];
const search = /** @type {HTMLInputElement} */ (byId('search'));

/** What can be opened, by the word behind `#`. @type {Map<string, Entry>} */
const entries = new Map();

/** @param {string} path @returns {Promise<any>} */
async function load(path) {
  const response = await fetch(path, { headers: { Accept: 'application/json' } });
  return response.ok ? response.json() : null;
}

/** @param {Told} told @returns {Entry} */
function add(told) {
  const link = h('a', { href: `#${told.id}` }, h('span', { class: `method ${told.method.toLowerCase()}` }, told.method),
    h('span', { class: 'words' }, h('span', null, inline(told.title)), h('small', null, told.path)));
  const entry = { ...told, link, text: '' };
  entries.set(entry.id, entry);
  return entry;
}

/** The groups of the contents. @param {OpenApi} openapi @param {AsyncApi | null} asyncapi @returns {Group[]} */
function groups(openapi, asyncapi) {
  const routes = Object.entries(openapi.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method: method.toUpperCase(), operation: item[method] }] : [])));
  const tagged = openapi.tags.map((tag) => ({
    title: tag.name,
    about: tag.description,
    entries: routes.filter((route) => route.operation.tags.includes(tag.name)).map((route) => add({
      id: route.operation.operationId, title: route.operation.summary, method: route.method, path: route.path,
      words: `${route.operation.description ?? ''} ${route.operation.operationId}`, draw: () => operation(openapi, route),
    })),
  }));
  const sockets = channels(asyncapi).map((one) => add({
    id: one.id, title: one.title, method: 'WS', path: one.channel.address ?? '', words: one.channel.description ?? '', draw: () => channel(asyncapi ?? {}, one),
  }));
  const problems = (openapi['x-problems'] ?? []).map((one) => add({
    id: one.word, title: one.title, method: String(one.status), path: one.word, words: one.when, draw: () => problem(one),
  }));
  return [
    ...tagged,
    { title: 'Sockets', about: 'What is said on the WebSockets.', entries: sockets },
    { title: 'Problems', about: 'What the routes of native refuse with (RFC 9457), by the word behind # in their type.', entries: problems },
  ].filter((group) => group.entries.length > 0);
}

/** @param {Kind} one @returns {Child[]} */
function problem(one) {
  return [
    h('p', { class: 'where' }, h('span', { class: 'method bad' }, String(one.status)), ' ', h('code', null, `/docs#${one.word}`)),
    prose(one.when),
    h('p', { class: 'quiet' }, 'This is the ', h('code', null, 'type'), ' of a problem, an answer of the type ', h('code', null, 'application/problem+json'), '. ',
      'It is stable; title and detail are for people.'),
  ];
}

/** @param {Group[]} all */
function draw(all) {
  nav.replaceChildren(...all.map((group) => h('section', null, h('h2', null, group.title),
    h('ul', null, group.entries.map((entry) => {
      entry.text = `${group.title} ${entry.method} ${entry.path} ${entry.title} ${entry.words}`.toLowerCase();
      return h('li', null, entry.link);
    })))), none);
}

const none = h('p', { class: 'none quiet', hidden: true }, 'Nothing has these words.');

/** Shows what has all words. */
function find() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const entry of entries.values()) {
    const fits = words.every((word) => entry.text.includes(word));
    if (entry.link.parentElement) entry.link.parentElement.hidden = !fits;
    found += Number(fits);
  }
  for (const section of nav.querySelectorAll('section')) section.hidden = !section.querySelector('li:not([hidden])');
  none.hidden = found > 0;
  if (words.length > 0) say(`${found} found`);
}

/** @param {() => Child[]} welcome */
function open(welcome) {
  const entry = entries.get(decodeURIComponent(location.hash.slice(1)));
  for (const current of nav.querySelectorAll('[aria-current]')) current.removeAttribute('aria-current');
  if (entry) {
    entry.link.setAttribute('aria-current', 'page');
    entry.link.scrollIntoView({ block: 'nearest' });
  }
  document.title = `${entry?.title.replaceAll('`', '') ?? 'What programs may ask'} · Parlour`;
  main.replaceChildren(...nodes(entry ? [h('h1', { tabindex: '-1' }, inline(entry.title)), entry.draw()] : welcome()));
  unfold(false);
  scrollTo(0, 0);
  if (entry) main.querySelector('h1')?.focus({ preventScroll: true });
}

/** @param {boolean} shown */
function unfold(shown) {
  menu.setAttribute('aria-expanded', String(shown));
  document.body.classList.toggle('unfolded', shown);
}

/** @param {OpenApi} openapi @param {Group[]} all @returns {Child[]} */
function welcome(openapi, all) {
  return [
    h('h1', { tabindex: '-1' }, 'What programs may ask'),
    ...prose(openapi.info.description),
    h('p', null, 'For programs: ', h('a', { href: OPENAPI }, 'openapi.json'), ' and ', h('a', { href: ASYNCAPI }, 'asyncapi.json'), `. This is version ${openapi.info.version}.`),
    h('dl', null, all.map((group) => [h('dt', null, h('a', { href: `#${group.entries[0]?.id}` }, group.title)), h('dd', null, inline(group.about ?? ''))])),
  ];
}

/** @param {KeyboardEvent} event */
function keys(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && target === search) {
    search.value = '';
    find();
  } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && (target === search || nav.contains(target))) {
    const links = /** @type {HTMLElement[]} */ ([...nav.querySelectorAll('li:not([hidden]) a')]);
    const at = links.indexOf(target) + (event.key === 'ArrowDown' ? 1 : -1);
    event.preventDefault();
    (links[at] ?? search).focus();
  }
}

const OPENAPI = '/api/v2/openapi.json';
const ASYNCAPI = '/api/v2/asyncapi.json';
/** @type {OpenApi | null} */
const openapi = await load(OPENAPI);
/** @type {AsyncApi | null} */
const asyncapi = openapi?.paths[ASYNCAPI] ? await load(ASYNCAPI) : null;
if (openapi) {
  const all = groups(openapi, asyncapi);
  const show = () => open(() => welcome(openapi, all));
  draw(all);
  show();
  search.addEventListener('input', find);
  search.addEventListener('focus', () => unfold(true));
  menu.addEventListener('click', () => unfold(menu.getAttribute('aria-expanded') !== 'true'));
  byId('credential').addEventListener('click', (event) => askForToken(/** @type {HTMLElement} */ (event.currentTarget)));
  addEventListener('hashchange', () => location.hash !== '#content' && show());
  addEventListener('keydown', keys);
} else {
  main.replaceChildren(h('p', { class: 'bad' }, 'The description of this server did not come. Load the page again in a moment.'));
}
