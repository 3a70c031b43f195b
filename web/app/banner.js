// The quiet line that tells when the server is out of reach, and what is being done about it.

import { fill, h, icon } from './dom.js';
import { parlour, session } from './session.js';

/** A break that is over sooner than this is not worth a word, in milliseconds. */
const WORTH_A_WORD = 1_500;

export function banner() {
  const element = h('div', { class: 'banner', role: 'status', hidden: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let since = 0;

  const draw = () => {
    clearTimeout(timer);
    const { state, retryAt } = parlour.live;
    if (state === 'open' || !session.isIn) {
      since = 0;
      element.hidden = true;
      return;
    }
    since ||= Date.now();
    timer = setTimeout(draw, 1_000);
    const offline = !navigator.onLine;
    element.hidden = !offline && Date.now() - since < WORTH_A_WORD;
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    const words = offline ? 'You are offline. What you write is sent when you are back.'
      : state === 'connecting' ? 'Connecting …'
      : seconds > 1 ? `The connection was lost. Next attempt in ${seconds} seconds.` : 'The connection was lost. Trying again …';
    if (element.dataset.words === words) return;
    element.dataset.words = words;
    const retry = h('button', { type: 'button', class: 'link', onclick: () => parlour.live.retry() }, 'Try now');
    fill(element, icon('cloud'), h('span', null, words), !offline && state === 'waiting' && retry);
  };
  parlour.live.on('state', draw);
  session.on('out', draw);
  draw();
  return element;
}
