// A mail server to which letters go the real way, by SMTP. It keeps what it is given.
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

import { SMTPServer } from 'smtp-server';

/** How often one looks whether a letter has come, and for how long: a letter that was turned away is brought again after five seconds. */
const [PAUSE, LOOKS] = [20, 1_500];

/**
 * Starts one and ends it with the test `t`. `turnAway` is asked about each recipient and gives the answer that refuses
 * them, such as `[451, 'Come again']`, or nothing.
 */
export async function startPost(t, turnAway = () => null) {
  const letters = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo({ address }, _, answer) {
      const refusal = turnAway(address);
      answer(refusal && Object.assign(new Error(refusal[1]), { responseCode: refusal[0] }));
    },
    async onData(stream, { envelope }, answer) {
      letters.push(read(await text(stream), envelope));
      answer();
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => new Promise((resolve) => server.close(resolve)));

  /** The first letter to an address with this text in it. */
  const letterTo = async (address, part = '') => {
    for (let look = 0; look < LOOKS; look += 1) {
      const found = letters.find(({ to, body }) => to.includes(address) && body.includes(part));
      if (found) return found;
      await wait(PAUSE);
    }
    throw new Error(`no letter to ${address}`);
  };
  return { url: `smtp://127.0.0.1:${server.server.address().port}`, letters, letterTo };
}

/** A letter as its reader has it. */
function read(raw, { mailFrom, rcptTo }) {
  const [head, ...rest] = raw.split('\r\n\r\n');
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(unfolded.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { from: mailFrom.address, to: rcptTo.map(({ address }) => address), headers, body: rest.join('\r\n\r\n').replaceAll('\r\n', '\n') };
}
