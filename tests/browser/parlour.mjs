// The server as a process of its own, in a folder that goes with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

// Hashes are cheap here, and may take long: their threads give way to everything else, such as a browser that starts.
const CALM = ['limits.enabled=false', 'password.hash=small', 'password.hash_deadline_seconds=50'];

/** Starts a server with further settings (`key=value`) and ends it with the test `t`. */
export async function startParlour(t, settings = []) {
  const folder = await mkdtemp(join(tmpdir(), 'parlour-browser-'));
  const set = [...CALM, ...settings].flatMap((setting) => ['--set', setting]);
  const server = spawn(process.env.PARLOUR_BINARY, ['serve', '--listen', '127.0.0.1:0', '--data', folder, ...set], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  t.after(async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true });
  });
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  const url = await link(lines);
  return { url, socketUrl: url.replace('http', 'ws'), setupLink: () => link(lines), mailTo: (address, text) => mailTo(folder, address, text) };
}

/** The address in the next line that the server prints. */
async function link(lines) {
  const { value } = await lines.next();
  return /http:\/\/\S+/.exec(value)[0];
}

/** The letters that lie in the outbox. It is made with the first. */
async function letters(outbox) {
  try {
    return (await readdir(outbox)).filter((name) => name.endsWith('.eml'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The first mail to `address` with this text in it, decoded. */
async function mailTo(folder, address, text = '') {
  const outbox = join(folder, 'outbox');
  for (let look = 0; look < 500; look += 1) {
    for (const name of await letters(outbox)) {
      const mail = await readFile(join(outbox, name), 'utf8');
      const decoded = mail.replaceAll('=\r\n', '').replaceAll('=3D', '=');
      if (mail.includes(`To: ${address}`) && decoded.includes(text)) return decoded;
    }
    await wait(20);
  }
  throw new Error(`no mail to ${address}`);
}
