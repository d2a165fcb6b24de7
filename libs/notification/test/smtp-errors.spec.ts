import { outcomeOfError } from '../src/adapters/channels/smtp-errors';

const failed = (fields: object) => Object.assign(new Error('550 <zhang@example.com> unknown'), fields);

describe('what is known after SMTP failed', () => {
  it.each([
    ['the recipient is refused', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, 'failed', 'smtp-550'],
    ['the message is refused', { code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, 'failed', 'smtp-554'],
    [
      'the mailbox is full for now',
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 452 },
      'not-done',
      'smtp-452',
    ],
    [
      'the session was out of step',
      { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 503 },
      'not-done',
      'smtp-503',
    ],
    ['our password is wrong', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, 'not-done', 'smtp-535'],
    ['the server turns us away', { code: 'EPROTOCOL', command: 'CONN', responseCode: 554 }, 'not-done', 'smtp-554'],
    ['nobody listens', { code: 'ESOCKET', originalCode: 'ECONNREFUSED', command: 'CONN' }, 'not-done', 'econnrefused'],
    ['the name does not resolve', { code: 'EDNS', command: 'CONN' }, 'not-done', 'edns'],
    ['TLS fails', { code: 'ETLS', command: 'STARTTLS' }, 'not-done', 'etls'],
    ['it never greets', { code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT' }, 'not-done', 'greeting-timeout'],
    ['it falls silent', { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, 'unknown', 'socket-timeout'],
    [
      'the connection breaks',
      { code: 'ESOCKET', originalCode: 'ECONNRESET', command: 'CONN' },
      'unknown',
      'econnreset',
    ],
    ['our time is up', { code: 'EABORT' }, 'unknown', 'eabort'],
    ['the address cannot be written', { code: 'EENVELOPE', command: 'API' }, 'failed', 'eenvelope'],
    ['something new happens', {}, 'unknown', 'error'],
  ])('when %s', (_what, fields, kind, reason) => {
    expect(outcomeOfError(failed(fields))).toEqual({ kind, reason });
  });
});
