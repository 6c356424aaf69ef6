// The real balancer, in front of replicas that a test breaks and mends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The one of the source tree, or that of a distribution. */
const LB = process.env.LB ?? fileURLToPath(new URL('../../lb', import.meta.url));
/** The first start may build, and a first build fetches everything. */
const START_MILLIS = 900_000;
const READY = /^breakwater ready on (http:\S+) \(admin (http:\S+)\)$/;

/** Answers 200, or 500 while it is broken. */
export class Replica {
  broken = false;
  #server = createServer((request, response) => {
    response.writeHead(this.broken ? 500 : 200, { 'content-type': 'text/plain' });
    response.end('replica');
  });

  static async start() {
    const replica = new Replica();
    replica.#server.listen(0, '127.0.0.1');
    await once(replica.#server, 'listening');
    replica.id = `127.0.0.1:${replica.#server.address().port}`;
    return replica;
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

export class Balancer {
  #process;
  #folder;

  /** @param {string} config what stands in `lb { … }` beside the ports */
  static async start(config) {
    const balancer = new Balancer();
    balancer.#folder = await mkdtemp(join(tmpdir(), 'breakwater-e2e-'));
    const file = join(balancer.#folder, 'lb.conf');
    await writeFile(file, `lb { listen { host = "127.0.0.1", port = 0 }\nadmin.port = 0\n${config}\n}\n`);
    balancer.#process = spawn(LB, ['serve', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    balancer.#process.stderr.on('data', (data) => {
      log += data;
    });
    const ready = async () => {
      for await (const line of createInterface(balancer.#process.stdout)) {
        const match = line.match(READY);
        if (match) {
          return match.slice(1);
        }
      }
      throw new Error(`the balancer ended before it was ready:\n${log}`);
    };
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the balancer is not ready after ${START_MILLIS / 1000} s:\n${log}`)), START_MILLIS);
    });
    try {
      [balancer.url, balancer.admin] = await Promise.race([ready(), late]);
    } catch (error) {
      balancer.#process.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
    balancer.#process.stdout.resume();
    return balancer;
  }

  /** One request; returns its status. */
  async request(path) {
    const response = await fetch(this.url + path);
    await response.arrayBuffer();
    return response.status;
  }

  /** What the API says of a backend. */
  async backend(pool, id, headers = {}) {
    const response = await fetch(`${this.admin}/api/v1/pools`, { headers });
    const { pools } = await response.json();
    return pools.find(({ name }) => name === pool).backends.find((each) => each.id === id);
  }

  /** Whether the API has a part. */
  async has(part) {
    const ending = new AbortController();
    const response = await fetch(`${this.admin}/api/v1/${part}`, { signal: ending.signal });
    ending.abort();
    return response.status !== 404;
  }

  async close() {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true });
  }
}
