// What any front-end does, in its smallest form. It runs in the page.

/** Sends JSON and reads JSON; an answer that the page may not read, or that never came, is `blocked`. */
async function call(method, url, body, options = {}) {
  const json = { 'Content-Type': 'application/json' };
  const headers = { ...(body && json), ...options.headers };
  try {
    const response = await fetch(url, { ...options, method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { blocked: true };
  }
}

/** A WebSocket that remembers everything, so that nobody comes too late to listen. */
class Line {
  constructor(url, protocols) {
    this.socket = new WebSocket(url, protocols);
    this.frames = [];
    this.waiting = [];
    this.closed = new Promise((resolve) => {
      this.socket.onclose = ({ code, reason }) => resolve({ code, reason });
    });
    this.opened = new Promise((resolve) => {
      this.socket.onopen = () => resolve({ protocol: this.socket.protocol });
      this.closed.then(resolve);
    });
    this.socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      const first = this.waiting.shift();
      if (first) first(frame);
      else this.frames.push(frame);
    };
  }

  say(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  hear() {
    if (this.frames.length > 0) return Promise.resolve(this.frames.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
