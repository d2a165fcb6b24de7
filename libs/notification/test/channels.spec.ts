import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock, SystemIds } from '@tradewind/shared-kernel';
import { DevMailbox } from '../src/adapters/channels/dev-mailbox';
import { SmtpChannel } from '../src/adapters/channels/smtp-channel';
import type { Channel, Message } from '../src/features/channel';
import { type Behaviour, SmtpStandIn } from './smtp-stand-in';

const ids = new SystemIds();
const aMessage = (fields: Partial<Message> = {}): Message => ({
  id: ids.next('ntf'),
  to: { name: 'Zhang San', email: 'zhang@example.com' },
  subject: 'Hello there',
  text: 'in words',
  html: '<p>in colour</p>',
  ...fields,
});
const inTime = () => AbortSignal.timeout(5000);

/** What arrived, one entry for each message that a reader would see. */
interface Place {
  channel: Channel;
  arrived(): Promise<{ recipients: string[]; content: string }[]>;
  /** From now on nothing gets there. */
  cutOff(): Promise<void>;
  close(): Promise<void>;
}

async function smtpPlace(): Promise<Place> {
  const server = new SmtpStandIn();
  await server.start();
  return {
    channel: new SmtpChannel({
      smtpUrl: server.url,
      from: 'Tradewind <no-reply@tradewind.example>',
      sendTimeoutMs: 2000,
    }),
    arrived: async () => {
      const seen = new Map(server.received.map((mail) => [mail.messageId, mail]));
      return [...seen.values()].map(({ recipients, source }) => ({ recipients, content: source }));
    },
    cutOff: () => server.stop(),
    close: () => server.stop(),
  };
}

async function mailboxPlace(): Promise<Place> {
  const root = await mkdtemp(path.join(tmpdir(), 'tradewind-mailbox-'));
  const folder = path.join(root, 'mail');
  const channel = new DevMailbox(folder, new SystemClock());
  return {
    channel,
    arrived: async () =>
      (await channel.list()).map(({ to, subject, text, html }) => ({
        recipients: [to.email],
        content: [subject, text, html].join('\n'),
      })),
    cutOff: async () => {
      await rm(folder, { recursive: true, force: true });
      await writeFile(folder, 'a file where the folder should be');
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

describe.each([
  ['SMTP', smtpPlace],
  ['the dev mailbox', mailboxPlace],
])('a channel: %s', (_name, open) => {
  let place: Place;
  beforeEach(async () => {
    place = await open();
  });
  afterEach(() => place.close());

  it('brings subject, text and page to the recipient', async () => {
    expect(await place.channel.send(aMessage(), inTime())).toMatchObject({ kind: 'succeeded' });
    const [mail, ...others] = await place.arrived();
    expect(others).toEqual([]);
    expect(mail?.recipients).toEqual(['zhang@example.com']);
    expect(mail?.content).toContain('Hello there');
    expect(mail?.content).toContain('in words');
    expect(mail?.content).toContain('<p>in colour</p>');
  });

  it('makes a repeated attempt recognisable as the same message', async () => {
    const message = aMessage();
    await place.channel.send(message, inTime());
    await place.channel.send(message, inTime());
    await place.channel.send(aMessage(), inTime());
    expect(await place.arrived()).toHaveLength(2);
  });

  it('takes a hostile name for a name', async () => {
    const to = { name: 'Z\r\nBcc: other@example.com, <x@example.com>', email: 'zhang@example.com' };
    expect(await place.channel.send(aMessage({ to }), inTime())).toMatchObject({ kind: 'succeeded' });
    const [mail] = await place.arrived();
    expect(mail?.recipients).toEqual(['zhang@example.com']);
    expect(mail?.content).not.toMatch(/^Bcc:/m);
  });

  it('knows that nothing was sent when the place is out of reach', async () => {
    await place.cutOff();
    expect(await place.channel.send(aMessage(), inTime())).toMatchObject({ kind: 'not-done' });
  });
});

describe('SMTP', () => {
  const server = new SmtpStandIn();
  beforeAll(() => server.start());
  afterAll(() => server.stop());
  const channel = (fields: object = {}) =>
    new SmtpChannel({ smtpUrl: server.url, from: 'no-reply@tradewind.example', sendTimeoutMs: 1000, ...fields });

  it.each<[string, Behaviour, string, string]>([
    ['refuses the recipient', { rcptTo: 550 }, 'failed', 'smtp-550'],
    ['asks to come back later', { rcptTo: 450 }, 'not-done', 'smtp-450'],
    ['refuses the content', { data: 554 }, 'failed', 'smtp-554'],
    ['cannot take the content now', { data: 451 }, 'not-done', 'smtp-451'],
  ])('tells what it means when the server %s', async (_what, behaviour, kind, reason) => {
    server.behaviour = behaviour;
    expect(await channel().send(aMessage(), inTime())).toEqual({ kind, reason });
  });

  it('does not know when the server falls silent after the data', async () => {
    server.behaviour = 'silent-after-data';
    const outcome = await channel().send(aMessage(), AbortSignal.timeout(300));
    expect(outcome).toEqual({ kind: 'unknown', reason: 'eabort' });
  });

  it('ends the Message-ID with the domain of the sender', async () => {
    server.behaviour = 'takes';
    const message = aMessage();
    await channel().send(message, inTime());
    expect(server.received.at(-1)?.messageId).toBe(`<${message.id}@tradewind.example>`);
  });

  it('is refused at start with a sender that is none', () => {
    expect(() => channel({ from: 'Tradewind' })).toThrow(/`from` holds no e-mail address/);
  });
});

describe('the dev mailbox', () => {
  let folder: string;
  let mailbox: DevMailbox;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tradewind-mailbox-'));
    mailbox = new DevMailbox(folder, new SystemClock());
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lists the newest message first and leaves no drafts', async () => {
    const messages = [aMessage(), aMessage(), aMessage()];
    for (const message of messages) await mailbox.send(message);
    expect((await mailbox.list()).map(({ id }) => id)).toEqual(messages.map(({ id }) => id).toReversed());
    expect((await readdir(folder)).toSorted()).toEqual(messages.map(({ id }) => `${id}.json`));
  });

  it('is empty before its first message', async () => {
    expect(await new DevMailbox(path.join(folder, 'none'), new SystemClock()).list()).toEqual([]);
  });

  it.each(['../secret', '..%2fsecret', 'ntf_../../secret', 'secret', '', 'ntf_', 'ord_01jdx3p8e6fq8v2m0c4k7n5r9t'])(
    'has no message %j, whatever lies there',
    async (id) => {
      await writeFile(path.join(folder, 'secret.json'), '{}');
      expect(await mailbox.read(id)).toBeUndefined();
    },
  );
});
