// One's own account: who one is, how one gets in, where one is logged in, and how to leave.

import { avatar } from './avatar.js';
import { confirmed, openDialog } from './dialog.js';
import { fill, h, icon } from './dom.js';
import { field, form } from './forms.js';
import { pagedList } from './listed.js';
import { called } from './people.js';
import { parlour, session } from './session.js';
import { ago } from './time.js';
import { attempt, toast } from './toast.js';

/** @import { Session } from '../parlour/types.js' */

/** The server takes pictures of at most 5 MiB. */
const MOST_BYTES = 5 * 1024 * 1024;

/** @param {HTMLElement} page */
export function showAccount(page) {
  const leave = attempt(() => session.logOut());
  fill(
    page,
    h(
      'div',
      { class: 'sheet' },
      h(
        'header',
        { class: 'head-bar' },
        h('a', { class: 'icon-button back', href: '/app', 'aria-label': 'Back to the rooms' }, icon('back')),
        h('h1', null, 'Your account'),
        h('button', { type: 'button', onclick: leave }, icon('leave'), 'Log out'),
      ),
      h('div', { class: 'sheet-body' }, profile(), names(), mail(), password(), devices(), copies(), farewell()),
    ),
  );
  document.title = 'Your account · Parlour';
}

/** @param {string} title @param {...(Node | false)} parts */
const block = (title, ...parts) => h('section', { class: 'block' }, h('h2', null, title), ...parts);

function profile() {
  const face = h('div', { class: 'identity' });
  const draw = () => {
    const { me } = session;
    const remove = attempt(async () => session.learn(await parlour.delete('/me/avatar')));
    fill(
      face,
      avatar(me, 'huge'),
      h(
        'div',
        null,
        h('p', { class: 'big', dir: 'auto' }, called(me)),
        h('p', { class: 'quiet', dir: 'auto' }, `@${me.username}`),
        h('div', { class: 'buttons start' }, h('button', { type: 'button', onclick: () => pick.click() }, me.avatar ? 'Change the picture' : 'Choose a picture'), me.avatar && h('button', { type: 'button', class: 'plain', onclick: remove }, 'Remove it')),
      ),
    );
  };
  const pick = h('input', { type: 'file', accept: 'image/png,image/jpeg,image/gif,image/webp', class: 'unseen', 'aria-label': 'Choose a picture', tabindex: -1 });
  pick.addEventListener('change', () => {
    const [file] = pick.files ?? [];
    pick.value = '';
    if (file) preview(file);
  });
  session.on('me', () => face.isConnected && draw());
  draw();
  return block('Profile', face, pick);
}

/** Shows how a picture will look before it is sent. @param {File} file */
function preview(file) {
  if (file.size > MOST_BYTES) return toast('The picture is larger than 5 MB.');
  const address = URL.createObjectURL(file);
  const dialog = openDialog('Your picture', (close) => h(
    'div',
    { class: 'dialog-body person-card' },
    h('span', { class: 'avatar huge preview' }, h('img', { src: address, alt: 'Your picture as others will see it' })),
    form('Use this picture', async () => {
      session.learn(await parlour.setAvatar(file));
      close();
      toast('Your picture is changed.');
    }),
  ), { class: 'small' });
  dialog.addEventListener('close', () => URL.revokeObjectURL(address));
}

function names() {
  const { me } = session;
  return block(
    'Names',
    form(
      'Save',
      async ({ display_name, username = '', bio }) => {
        const changes = { display_name, bio, ...(username !== session.me.username && { username: username.trim() }) };
        session.learn(await parlour.editMe(changes));
        toast('Saved.');
      },
      field('display_name', 'Name that others see', { value: me.display_name, maxlength: 150, dir: 'auto', autocomplete: 'name' }),
      field('username', 'Username', { value: me.username, required: true, maxlength: 150, autocapitalize: 'none', spellcheck: 'false', autocomplete: 'username', hint: 'You log in with it, and others mention you with it.' }),
      field('bio', 'About you', { area: true, value: me.bio, maxlength: 1000, dir: 'auto' }),
    ),
  );
}

function mail() {
  const state = h('p', { class: 'state' });
  const draw = () => {
    const { email, email_verified, pending_email } = session.me;
    const again = attempt(async () => {
      await parlour.post('/me/verification');
      toast('The letter is on its way.');
    });
    fill(
      state,
      email ? [h('bdi', null, email), ' ', email_verified ? h('span', { class: 'tag good' }, 'confirmed') : h('span', { class: 'tag warn' }, 'not confirmed')] : 'You have given no address. With one you can get back in when you forget the password.',
      email && !email_verified && h('button', { type: 'button', class: 'link', onclick: again }, 'Send the letter again'),
      pending_email && h('span', { class: 'below' }, 'Waiting until you confirm ', h('bdi', null, pending_email), '. Look into your mail.'),
    );
  };
  session.on('me', () => state.isConnected && draw());
  draw();
  return block(
    'E-mail',
    state,
    form(
      session.me.email ? 'Change the address' : 'Add the address',
      async ({ email = '', password = '' }, element) => {
        await parlour.changeEmail(email.trim(), password);
        element.reset();
        toast(`A letter to ${email.trim()} is on its way.`);
        await session.reload();
      },
      field('email', 'New address', { required: true, type: 'email', autocomplete: 'email' }),
      field('password', 'Your password', { required: true, type: 'password', autocomplete: 'current-password' }),
    ),
  );
}

function password() {
  return block(
    'Password',
    form(
      'Change the password',
      async (values, element) => {
        await session.setPassword(values.current ?? '', values.new ?? '');
        element.reset();
        toast('Your password is changed. All other devices are logged out.');
      },
      field('current', 'Your password now', { required: true, type: 'password', autocomplete: 'current-password' }),
      field('new', 'New password', { required: true, type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters. A sentence is good.' }),
    ),
  );
}

function devices() {
  const others = h('button', { type: 'button', hidden: true }, 'Log out everywhere else');
  /** @param {string | null} after */
  const load = async (after) => {
    const page = await parlour.sessions(after);
    if (!after) others.hidden = page.items.length < 2;
    return page;
  };
  const { parts, again } = pagedList(load, device, 'None.');
  others.addEventListener('click', attempt(async () => {
    if (!(await confirmed('Log out everywhere else?', 'Only this browser stays logged in.', 'Log out'))) return;
    await parlour.delete('/sessions');
    again();
    toast('Only this browser is logged in now.');
  }));
  const off = parlour.live.on('changed', (what) => {
    if (!others.isConnected) off();
    else if (what === 'sessions') again();
  });
  return block('Devices', ...parts, others);
}

/** @param {Session} one @param {() => void} again */
function device(one, again) {
  const end = attempt(async () => {
    await parlour.delete(`/sessions/${one.id}`);
    again();
  });
  return h(
    'li',
    { class: 'entry' },
    h('span', { class: 'avatar small room-face', 'aria-hidden': 'true' }, icon('device')),
    h('span', { class: 'words' }, h('bdi', null, deviceName(one.device)), h('small', null, [one.contract, one.address, `used ${ago(one.last_used_at)}`].filter(Boolean).join(' · '))),
    one.current ? h('span', { class: 'tag good' }, 'this one') : h('button', { type: 'button', onclick: end }, 'Log out'),
  );
}

/** `Firefox on Linux` out of what a browser says of itself. @param {string} device */
function deviceName(device) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(device)?.[1];
  if (!browser) return device || 'Unknown device';
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux|CrOS)/.exec(device)?.[1] ?? '';
  const names = /** @type {Record<string, string>} */ ({ Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS', CrOS: 'ChromeOS' });
  return `${names[browser] ?? browser}${system && ` on ${names[system] ?? system}`}`;
}

function copies() {
  return block(
    'Your copy',
    h('p', null, 'Everything that is kept about you, as one file.'),
    h('a', { class: 'button', href: '/api/v2/me/export', download: 'parlour-export.json' }, icon('download'), 'Download it'),
  );
}

function farewell() {
  const ask = () => void openDialog('Delete your account?', (close) => h(
    'div',
    { class: 'dialog-body' },
    h('p', null, 'Your account, your sessions and everything you wrote are gone at once. Nobody can bring them back.'),
    form('Delete my account', async ({ password = '' }) => {
      await session.delete(password);
      close();
    }, field('password', 'Your password', { required: true, type: 'password', autocomplete: 'current-password' })),
  ), { class: 'small dangerous' });
  return block('Leaving', h('p', null, 'You can delete your account and all that belongs to it.'), h('button', { type: 'button', class: 'danger quiet-danger', onclick: ask }, 'Delete my account'));
}
