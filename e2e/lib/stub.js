// A stand-in for the admin port: the page's files from the source tree, and whatever a test sets as the answers.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';

const FILES = new URL('../../lb-server/src/main/resources/admin/', import.meta.url);
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };

export class Stub {
  /** What `/api/v1/NAME` answers, by name; what is not there is 404. A function gets the URL. */
  answers = {};
  /** Every action that was asked for, as `POOL/ID/ACTION`. */
  actions = [];
  /** What an action is answered with, `{status, body}`, by its request. */
  action = () => ({ status: 200, body: {} });
  #listeners = new Set();
  #server = createServer((request, response) => this.#answer(request, response));

  /** @param {number} port 0 for a free one */
  static async start(port = 0) {
    const stub = new Stub();
    stub.#server.listen(port, '127.0.0.1');
    await once(stub.#server, 'listening');
    stub.port = stub.#server.address().port;
    stub.url = `http://127.0.0.1:${stub.port}`;
    return stub;
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Sends an event to all that listen. */
  event(name, data) {
    this.#listeners.forEach((response) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('cache-control', 'no-store');
    if (url.pathname === '/readyz') {
      return json(response, this.notReady ? 503 : 200, { status: this.notReady ? 'not ready' : 'ready', reason: this.notReady });
    }
    if (url.pathname === '/api/v1/events' && this.answers.events) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 2000\n\n');
      this.#listeners.add(response);
      request.on('close', () => this.#listeners.delete(response));
      return undefined;
    }
    const action = url.pathname.match(/^\/api\/v1\/pools\/([^/]+)\/backends\/([^/]+)\/([a-z]+)$/);
    if (action && request.method === 'POST') {
      const { status, body } = this.action(request);
      if (status === 200) {
        this.actions.push(action.slice(1).map(decodeURIComponent).join('/'));
      }
      return json(response, status, body);
    }
    const resource = url.pathname.match(/^\/api\/v1\/([a-z]+)$/);
    if (resource) {
      const answer = this.answers[resource[1]];
      return answer === undefined ? json(response, 404, { error: 'not found' })
        : json(response, 200, typeof answer === 'function' ? answer(url) : answer);
    }
    return file(response, url.pathname === '/' ? '/index.html' : url.pathname);
  }
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function file(response, path) {
  try {
    const content = await readFile(new URL(`.${path}`, FILES));
    response.writeHead(200, { 'content-type': TYPES[path.split('.').at(-1)] ?? 'text/plain' });
    response.end(content);
  } catch {
    json(response, 404, { error: 'not found' });
  }
}
