import type { EffectOutcome } from '@tradewind/shared-kernel/effects';

/** What nodemailer 10 says about a failure (its `errors.js`). `message` and `response` may hold the recipient: unused. */
interface SmtpError extends Error {
  /** `ESOCKET`, `ETIMEDOUT`, `EAUTH`, `EENVELOPE`, … */
  code?: string;
  /** The system's code behind `code`: `ECONNREFUSED`. */
  originalCode?: string;
  /** `CONN`, `EHLO`, `AUTH PLAIN`, `MAIL FROM`, `RCPT TO`, `DATA`, or `API` when nothing was sent. */
  command?: string;
  /** The server's reply, RFC 5321 section 4.2: 4xx may pass later, 5xx will not. */
  responseCode?: number;
  timeoutType?: 'CONNECT_TIMEOUT' | 'GREETING_TIMEOUT' | 'UPGRADE_TIMEOUT' | 'SOCKET_TIMEOUT';
}

/** Commands whose reply is about this message; an earlier 5xx is about our account or the server. */
const ABOUT_THE_MESSAGE = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
const BEFORE_THE_MESSAGE = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH']);
const SET_UP = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);

/** Bad sequence of commands: the session was in a wrong state, the message was not judged. */
const BAD_SEQUENCE = 503;

/** What became of a message whose sending failed. Total: what is not certain is `unknown`. */
export function outcomeOfError(error: SmtpError): EffectOutcome<void> {
  const { code = error.name, originalCode, command = '', responseCode, timeoutType } = error;
  if (responseCode !== undefined) {
    const forGood = responseCode >= 500 && responseCode !== BAD_SEQUENCE && ABOUT_THE_MESSAGE.has(command);
    return { kind: forGood ? 'failed' : 'not-done', reason: `smtp-${responseCode}` };
  }
  const reason = (originalCode ?? timeoutType ?? code).toLowerCase().replaceAll('_', '-');
  if (code === 'EENVELOPE') return { kind: 'failed', reason };
  if (NEVER_CONNECTED.has(originalCode ?? code) || BEFORE_THE_MESSAGE.has(code) || SET_UP.has(timeoutType ?? '')) {
    return { kind: 'not-done', reason };
  }
  return { kind: 'unknown', reason };
}
