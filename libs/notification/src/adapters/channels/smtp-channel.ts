import { createTransport } from 'nodemailer';
import type { EffectOutcome } from '@tradewind/shared-kernel/effects';
import { Channel, type Message } from '../../features/channel';
import type { NotificationSettings } from '../../settings';
import { outcomeOfError } from './smtp-errors';

type SmtpSettings = Pick<NotificationSettings, 'smtpUrl' | 'from' | 'sendTimeoutMs'>;

/**
 * E-mail over SMTP, one connection for each message. The Message-ID comes from the delivery id, so a repeated attempt is
 * recognisable to mail servers and mail programs.
 */
export class SmtpChannel extends Channel {
  readonly #transport: ReturnType<typeof transportOf>;
  /** Ends every Message-ID. */
  readonly #domain: string;

  constructor(settings: SmtpSettings) {
    super();
    const domain = /@([^\s@<>]+)>?$/.exec(settings.from)?.[1];
    if (!domain) throw new Error('notification: the setting `from` holds no e-mail address');
    this.#domain = domain;
    this.#transport = transportOf(settings);
  }

  async send({ id, to, subject, text, html }: Message, signal: AbortSignal): Promise<EffectOutcome<void>> {
    try {
      await this.#transport.sendMail({
        messageId: `<${id}@${this.#domain}>`,
        to: { name: to.name, address: to.email },
        subject,
        text,
        html,
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal,
      });
      return { kind: 'succeeded', result: undefined };
    } catch (error) {
      return outcomeOfError(error as Error);
    }
  }
}

const transportOf = ({ smtpUrl, from, sendTimeoutMs }: SmtpSettings) =>
  createTransport(
    {
      url: smtpUrl,
      // Shorter than the attempt: a server that does not answer is then known not to have the message.
      connectionTimeout: sendTimeoutMs / 2,
      greetingTimeout: sendTimeoutMs / 2,
      dnsTimeout: sendTimeoutMs / 2,
      socketTimeout: sendTimeoutMs,
    },
    { from, disableFileAccess: true, disableUrlAccess: true },
  );
