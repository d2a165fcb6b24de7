// A TCP proxy that can be told to misbehave: between the platforms and PostgreSQL, and in front of the platforms.
import { connect, createServer } from 'node:net';

/** How `pg` says COMMIT: one simple query. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

export class Proxy {
  #choose;
  #server;
  #pairs = new Set();
  #stalled = false;
  #commitFault;

  /** `choose()` gives the ports to try for a new connection, in this order. */
  constructor(choose) {
    this.#choose = choose;
  }

  /** Resolves with the port that it listens on. */
  listen() {
    return new Promise((resolve, reject) => {
      this.#server = createServer((client) => this.#accept(client)).once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve(this.#server.address().port));
    });
  }

  async close() {
    for (const pair of this.#pairs) cut(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  cutAll() {
    for (const pair of this.#pairs) if (!pair.silent) cut(pair);
  }

  /** Nothing passes, nothing breaks. */
  stall() {
    this.#stalled = true;
    for (const pair of this.#pairs) halt(pair);
  }

  resume() {
    this.#stalled = false;
    for (const pair of this.#pairs) {
      if (pair.silent) continue;
      pair.client.resume();
      pair.server?.resume();
    }
  }

  /** The connections there are never say a word again, as when a router forgets them; new ones work. */
  silence() {
    for (const pair of this.#pairs) {
      pair.silent = true;
      halt(pair);
    }
  }

  /**
   * Breaks the connections of the next `times` commits: `before` PostgreSQL gets it, or after it was carried out and
   * before its `answer` arrives. Returns how many have been broken so far.
   */
  breakCommits(where, times) {
    const fault = { where, left: times, done: 0 };
    this.#commitFault = fault;
    return () => fault.done;
  }

  spareCommits() {
    this.#commitFault = undefined;
  }

  #accept(client) {
    const pair = { client, server: undefined, losesAnswer: undefined, silent: false };
    this.#pairs.add(pair);
    client.pause();
    client.on('error', () => cut(pair)).on('close', () => this.#forget(pair));
    this.#dial(pair, [...this.#choose()]);
  }

  #dial(pair, ports) {
    if (pair.client.destroyed) return;
    const port = ports.shift();
    if (port === undefined) return void cut(pair);
    const server = connect(port, '127.0.0.1');
    server.once('error', () => this.#dial(pair, ports));
    server.once('connect', () => {
      server.removeAllListeners('error');
      server.on('error', () => cut(pair)).on('close', () => this.#forget(pair));
      pair.server = server;
      const { client } = pair;
      client.setNoDelay(true);
      server.setNoDelay(true);
      client.on('data', (chunk) => this.#toServer(pair, chunk)).on('end', () => server.end());
      server.on('data', (chunk) => this.#toClient(pair, chunk)).on('end', () => client.end());
      if (client.destroyed) cut(pair);
      else if (this.#stalled || pair.silent) halt(pair);
      else client.resume();
    });
  }

  #toServer(pair, chunk) {
    const fault = this.#commitFault;
    if (!fault || fault.left === 0 || !chunk.includes(COMMIT)) return void pair.server.write(chunk);
    fault.left -= 1;
    if (fault.where === 'before') {
      fault.done += 1;
      cut(pair);
    } else {
      pair.losesAnswer = fault;
      pair.server.write(chunk);
    }
  }

  #toClient(pair, chunk) {
    if (!pair.losesAnswer) return void pair.client.write(chunk);
    pair.losesAnswer.done += 1;
    cut(pair);
  }

  #forget(pair) {
    if (!pair.silent) cut(pair);
    this.#pairs.delete(pair);
  }
}

function halt({ client, server }) {
  client.pause();
  server?.pause();
}

function cut({ client, server }) {
  client.destroy();
  server?.destroy();
}
