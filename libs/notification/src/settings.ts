/** Settings of this context; also the token they are injected by. */
export abstract class NotificationSettings {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the start. Secret. Without it mail goes to `mailboxDir`. */
  abstract readonly smtpUrl?: string;
  /** Sender: `Tradewind <no-reply@example.com>`. Its domain ends every Message-ID. */
  abstract readonly from: string;
  /** Folder of the dev mailbox, one file for each message. Created when needed. */
  abstract readonly mailboxDir: string;
  /** One attempt to send may take this long, milliseconds. */
  abstract readonly sendTimeoutMs: number;
}

export const NOTIFICATION_DEFAULTS = {
  from: 'Tradewind <no-reply@tradewind.example>',
  // A stopping process waits for the attempt under way, and has 10 seconds for all of its stop.
  sendTimeoutMs: 6_000,
} satisfies Partial<NotificationSettings>;
