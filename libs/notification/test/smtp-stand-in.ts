import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  messageId: string;
  recipients: string[];
  /** Headers and body as they came. */
  source: string;
}

/** How the server answers: takes everything, refuses with a code, or takes the data and says nothing. */
export type Behaviour = 'takes' | { rcptTo: number } | { data: number } | 'silent-after-data';

/** A mail server in this process. */
export class SmtpStandIn {
  readonly received: Received[] = [];
  behaviour: Behaviour = 'takes';
  #server: SMTPServer | undefined;
  #port = 0;

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** Starts on a free port, and after a stop on the same one. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 50,
      onRcptTo: ({ address }, _session, answer) => {
        const { behaviour } = this;
        if (typeof behaviour === 'object' && 'rcptTo' in behaviour) answer(refusal(behaviour.rcptTo, address));
        else answer();
      },
      onData: (stream, session, answer) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { behaviour } = this;
          const source = Buffer.concat(chunks).toString('utf8');
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          if (typeof behaviour === 'object' && 'data' in behaviour) {
            return answer(refusal(behaviour.data, recipients.join()));
          }
          const messageId = /^Message-ID: (\S+)/im.exec(source)?.[1] ?? '';
          this.received.push({ messageId, recipients, source });
          if (behaviour !== 'silent-after-data') answer();
        });
      },
    });
    server.on('error', () => undefined);
    server.listen(this.#port, '127.0.0.1');
    await once(server.server, 'listening');
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

const refusal = (responseCode: number, address: string) => Object.assign(new Error(`<${address}>`), { responseCode });
