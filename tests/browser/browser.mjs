// The browser, and front-ends on origins of their own, where deployed ones live.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser with a fresh profile and ends it with the test `t`. */
export async function startBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.PARLOUR_CHROMIUM,
    headless: true,
    chromiumSandbox: false,
    args: ARGUMENTS,
  });
  t.after(() => browser.close());
  return browser;
}

/** Serves a front-end on a port of its own; the origin of its page. */
export async function serveFrontEnd(t, host = '127.0.0.1') {
  const script = await readFile(new URL('front-end.js', import.meta.url), 'utf8');
  const page = `<!doctype html><title>A front-end</title><link rel="icon" href="data:,"><script>${script}</script>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${server.address().port}`;
}

/** Opens an address in a page of its own that keeps its complaints: errors, and what its policy has forbidden. */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.exposeFunction('complain', (complaint) => page.complaints.push(complaint));
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', (violation) => window.complain(`${violation.violatedDirective} ${violation.blockedURI}`)),
  );
  page.answer = await page.goto(url);
  return page;
}
