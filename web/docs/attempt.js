// A request to this server: as a line for a shell, and sent from here.
import { block, h, pretty, say } from './dom.js';
import { example } from './schema.js';

/** @import { Media, OpenApi, Parameter, Route } from './types.js' */
/** @typedef {{ url: string, method: string, headers: Record<string, string>, body: string | undefined, needs: boolean | undefined }} Asked */

/** The token that was pasted; it is forgotten with the page. */
let token = '';

/** Asks for the token that requests are to bring in place of the cookie. @param {HTMLElement} button */
export function askForToken(button) {
  const input = h('textarea', { rows: '4', id: 'token', spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'token-hint' });
  input.value = token;
  const dialog = h('dialog', { 'aria-labelledby': 'token-title', onclose: close }, h('form', { method: 'dialog' },
    h('h2', { id: 'token-title' }, 'Who is asking'),
    h('label', { for: 'token' }, 'Access token'),
    input,
    h('p', { id: 'token-hint', class: 'quiet' }, 'It is sent as Authorization: Bearer and forgotten with this page. Without one, requests bring this browser’s cookie.'),
    h('div', { class: 'buttons' }, h('button', { value: 'no' }, 'Cancel'), h('button', { value: 'yes', class: 'primary' }, 'Use it'))));
  function close() {
    if (dialog.returnValue === 'yes') token = input.value.trim();
    button.textContent = token ? 'Credential: token' : 'Credential: cookie';
    dialog.remove();
    button.focus();
  }
  document.body.append(dialog);
  dialog.showModal();
}

/** The form, the line for a shell, and the place for the answer. @param {OpenApi} document_ @param {Route} route */
export function attempt(document_, route) {
  const { operation, method, path } = route;
  const parameters = operation.parameters ?? [];
  /** @type {Map<Parameter, string>} */
  const given = new Map(parameters.filter((one) => one.in === 'path').map((one) => [one, sample(document_, one)]));
  const media = Object.entries(operation.requestBody?.content ?? {})[0];
  const isText = media && /json|urlencoded/.test(media[0]);
  const body = isText ? bodyField(document_, media) : null;
  const shell = h('div');
  const answer = h('div', { class: 'answer', role: 'status' });
  const show = () => shell.replaceChildren(block(curl(request()), 'the command'));

  /** @returns {Asked} */
  function request() {
    const query = new URLSearchParams();
    /** @type {Record<string, string>} */
    const headers = {};
    let target = path;
    for (const one of parameters) {
      const value = given.get(one) ?? '';
      if (one.in === 'path') target = target.replace(`{${one.name}}`, encodeURIComponent(value));
      if (one.in === 'query' && value) query.set(one.name, value);
      if (one.in === 'header' && value) headers[one.name] = value;
    }
    if (media && body) headers['Content-Type'] = media[0];
    const needs = operation.security?.some((scheme) => Object.keys(scheme).length > 0);
    return { url: location.origin + target + (query.size ? `?${query}` : ''), method, headers, body: body?.value, needs };
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    const asked = request();
    if (method !== 'GET' && method !== 'HEAD' && !(await sure(asked))) return;
    answer.replaceChildren(await answered(asked));
  }

  const form = h('form', { onsubmit: send, oninput: show }, parameters.map((one) => parameterField(one, given)),
    body && [h('label', { for: 'body' }, 'Body'), body],
    h('div', { class: 'buttons' }, h('button', { class: 'primary' }, `Send ${method}`)));
  show();
  return [h('h3', null, 'From a shell'), shell, h('h3', null, 'Try it'), form, answer];
}

/** @param {OpenApi} document_ @param {Parameter} parameter */
function sample(document_, parameter) {
  return parameter.example ?? (parameter.schema?.type === 'string' ? String(example(document_, parameter.schema, parameter.name)).replace('…', '') : '');
}

/** @param {OpenApi} document_ @param {[string, Media]} media */
function bodyField(document_, [type, { schema, example: given }]) {
  const value = given ?? example(document_, schema ?? {});
  const field = h('textarea', { id: 'body', rows: '8', spellcheck: 'false' });
  field.value = type.includes('json') ? pretty(value) : new URLSearchParams(/** @type {Record<string, string>} */ (value)).toString();
  return field;
}

/** @param {Parameter} one @param {Map<Parameter, string>} given */
function parameterField(one, given) {
  const id = `parameter-${one.name}`;
  const keep = () => given.set(one, input.value);
  const input = h('input', { id, oninput: keep, required: one.in === 'path', autocomplete: 'off', spellcheck: 'false', value: given.get(one) });
  return h('div', { class: 'field' }, h('label', { for: id }, h('code', null, one.name), ` in ${one.in}`), input);
}

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {Asked} asked */
function curl({ url, method, headers, body, needs }) {
  const lines = [`curl ${method === 'GET' ? '' : method === 'HEAD' ? '--head ' : `-X ${method} `}${quoted(url)}`];
  if (needs) lines.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) lines.push(`-d ${quoted(body)}`);
  return lines.join(' \\\n  ');
}

/** Whether something shall really change. @param {Asked} asked @returns {Promise<boolean>} */
function sure({ url, method }) {
  const { promise, resolve } = Promise.withResolvers();
  const dialog = h('dialog', { 'aria-labelledby': 'sure-title', onclose: () => { dialog.remove(); resolve(dialog.returnValue === 'yes'); } },
    h('form', { method: 'dialog' }, h('h2', { id: 'sure-title' }, 'Send this for real?'),
      h('p', null, `${method} ${new URL(url).pathname} may change what this server keeps, with ${token ? 'the token that you pasted' : 'this browser’s login'}.`),
      h('div', { class: 'buttons' }, h('button', { value: 'no' }, 'Cancel'), h('button', { value: 'yes', class: 'primary' }, `Send ${method}`))));
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}

/** @param {Asked} asked */
async function answered({ url, method, headers, body, needs }) {
  /** @type {Record<string, string>} */
  const credential = token && needs ? { Authorization: `Bearer ${token}` } : {};
  try {
    const response = await fetch(url, { method, headers: { ...headers, ...credential }, body: body || undefined, credentials: token ? 'omit' : 'same-origin', cache: 'no-store' });
    const type = response.headers.get('content-type') ?? '';
    const text = /json|text|svg/.test(type) ? await response.text() : '';
    say(`Answered with ${response.status}`);
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    return h('div', null, h('p', null, h('b', { class: response.ok ? 'good' : 'bad' }, String(response.status)), ` ${response.statusText}`),
      text ? block(shown(type, text), 'the answer') : h('p', { class: 'quiet' }, type ? `A body of the type ${type}.` : 'No body.'),
      h('details', null, h('summary', null, 'Headers'), block(lines, 'the headers')));
  } catch (error) {
    return h('p', { class: 'bad' }, `No answer: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {string} type @param {string} text */
function shown(type, text) {
  try {
    return type.includes('json') ? pretty(JSON.parse(text)) : text;
  } catch {
    return text;
  }
}
