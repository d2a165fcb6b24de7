// One keep-alive HTTP/1.1 connection with one request under way at a time. Written by hand, so that the load generator
// takes as little as possible of the processor that it shares with what it measures.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const CLOSED = [0, Buffer.from('the connection was closed')];

export class Connection {
  #socket;
  #answered = () => undefined;
  #partial;
  #isClosed = false;

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#answered(...CLOSED);
    });
  }

  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket))).once('error', reject);
    });
  }

  /** Sends a whole request, given as one byte per character; `answered(status, body)` has status 0 when none came. */
  send(request, answered) {
    if (this.#isClosed) return void setImmediate(answered, ...CLOSED);
    this.#answered = answered;
    this.#socket.write(request, 'latin1');
  }

  close() {
    this.#answered = () => undefined;
    this.#socket.destroy();
  }

  #read(chunk) {
    const bytes = this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return void (this.#partial = bytes);
    const head = bytes.latin1Slice(0, headEnd);
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (bytes.length < bodyEnd) return void (this.#partial = bytes);
    this.#partial = undefined;
    const answered = this.#answered;
    this.#answered = () => undefined;
    answered(Number(head.slice(9, 12)), bytes.subarray(bodyStart, bodyEnd));
  }
}

/** Connections spread over the servers at these ports. A request waits while all of them are busy. */
export class Connections {
  #idle;
  #all;
  #waiting = [];

  constructor(all) {
    this.#all = all;
    this.#idle = [...all];
  }

  static async open(ports, count) {
    const opening = Array.from({ length: count }, (_, index) => Connection.open(ports[index % ports.length]));
    return new Connections(await Promise.all(opening));
  }

  send(request, answered) {
    const connection = this.#idle.shift();
    if (!connection) return void this.#waiting.push([request, answered]);
    connection.send(request, (status, body) => {
      this.#idle.push(connection);
      const next = this.#waiting.shift();
      if (next) this.send(...next);
      answered(status, body);
    });
  }

  close() {
    for (const connection of this.#all) connection.close();
  }
}

/** `headers` are whole lines, each with its end. */
export function requestText(method, path, json, headers = '') {
  const start = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}`;
  if (json === undefined) return `${start}\r\n`;
  const body = Buffer.from(json).latin1Slice();
  return `${start}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}
