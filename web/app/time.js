// Times as people say them.

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });
const fullDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' });

/** A day of the local calendar as a number that grows. @param {Date} when */
const day = (when) => Math.round(new Date(when.getFullYear(), when.getMonth(), when.getDate()).getTime() / 86_400_000);

/** `14:05`. @param {string} at */
export const timeOf = (at) => clock.format(new Date(at));

/** `28 November 2026 at 14:05`. @param {string} at */
export const momentOf = (at) => whole.format(new Date(at));

/** Whether two moments are of one day. @param {string} a @param {string} b */
export const sameDay = (a, b) => day(new Date(a)) === day(new Date(b));

/** `Today`, `Yesterday`, `Monday`, `3 May`, `3 May 2024`. @param {string} at */
export function dayOf(at) {
  const when = new Date(at);
  const now = new Date();
  const ago = day(now) - day(when);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return weekday.format(when);
  return when.getFullYear() === now.getFullYear() ? date.format(when) : fullDate.format(when);
}

/** Short, for lists: the time of today, else the day. @param {string} at */
export function briefly(at) {
  const said = dayOf(at);
  return said === 'Today' ? timeOf(at) : said;
}

/** `just now`, `5 minutes ago`, `3 hours ago`, then the day. @param {string} at */
export function ago(at) {
  const minutes = Math.round((Date.now() - new Date(at).getTime()) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? '' : 's'} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 12) return `${hours} hour${hours === 1 ? '' : 's'} ago`;
  return briefly(at);
}

/** `45 seconds`, `5 minutes`, `3 hours`, `2 days`. @param {number} seconds */
export function lengthOf(seconds) {
  const units = /** @type {const} */ ([['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]]);
  const [name, size] = units.find(([, size]) => seconds >= size) ?? units[3];
  const count = Math.round(seconds / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
