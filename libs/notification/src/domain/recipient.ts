/** Who a message is for. Personal data: it stays in this context's schema and in the message itself. */
export interface Recipient {
  name: string;
  email: string;
}

// One address and nothing that a mail header would read as a second one.
const ADDRESS = /^[^\s@,;:<>()"\\]{1,64}@[^\s@,;:<>()"\\]{1,255}$/;

export type Reached = { kind: 'recipient'; recipient: Recipient } | { kind: 'nobody'; reason: SkipReason };
export type SkipReason = 'no-recipient' | 'invalid-recipient';

/** The recipient behind a contact; `null` is an order that nobody knows. */
export function recipientOf(contact: { name: string; email: string | null } | null): Reached {
  if (!contact?.email) return { kind: 'nobody', reason: 'no-recipient' };
  if (!ADDRESS.test(contact.email)) return { kind: 'nobody', reason: 'invalid-recipient' };
  return { kind: 'recipient', recipient: { name: contact.name, email: contact.email } };
}

/** `zhang@example.com` as others may see it: `z***@example.com`. A local part of one character is hidden altogether. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const [first = '', ...rest] = email.slice(0, at);
  return `${rest.length > 0 ? first : ''}***${email.slice(at)}`;
}
