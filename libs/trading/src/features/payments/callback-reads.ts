import { Injectable } from '@nestjs/common';
import { isId, type MoneyJson } from '@tradewind/shared-kernel';
import { decodeCursor, encodeCursor } from '@tradewind/shared-kernel/http';
import { type ListedCallback, PaymentCallbacks } from '../../domain/payments/payment-callback';
import { type GatewayMessage, PaymentGateways } from '../../domain/payments/payment-gateway';

/** A gateway's message as operators see it: what it says, never its bytes, which may hold personal data. */
export interface CallbackView {
  id: string;
  gateway: string;
  eventId: string;
  receivedAt: string;
  appliedAt: string | null;
  /** `mismatch`: set aside, as it does not say what it should. Null while it is not applied. */
  outcome: string | null;
  /** The payment or operation that it names. */
  reference: string | null;
  says: string | null;
  amount: MoneyJson | null;
}

@Injectable()
export class CallbackReads {
  constructor(
    private readonly callbacks: PaymentCallbacks,
    private readonly gateways: PaymentGateways,
  ) {}

  async list(
    outcome: string | undefined,
    limit: number,
    cursor?: string,
  ): Promise<{ data: CallbackView[]; nextCursor: string | null }> {
    const after = cursor ? decodeCursor(cursor, [(text) => isId('pcb', text)])[0] : undefined;
    const found = await this.callbacks.list(outcome, limit + 1, after as `pcb_${string}` | undefined);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const nextCursor = found.length > shown.length && last ? encodeCursor([last.id]) : null;
    return { data: shown.map((callback) => this.#view(callback)), nextCursor };
  }

  #view(callback: ListedCallback): CallbackView {
    const { id, gateway, eventId, receivedAt, appliedAt, outcome } = callback;
    const times = { receivedAt: receivedAt.toISOString(), appliedAt: appliedAt?.toISOString() ?? null };
    return { id, gateway, eventId, ...times, outcome, ...saidBy(this.#read(callback)) };
  }

  /** Undefined when no gateway of that name is configured any more, or its message cannot be read. */
  #read({ gateway, body }: ListedCallback): GatewayMessage | undefined {
    try {
      return this.gateways.named(gateway)?.parseCallback(body);
    } catch {
      return undefined;
    }
  }
}

function saidBy(message: GatewayMessage | undefined): Pick<CallbackView, 'reference' | 'says' | 'amount'> {
  if (!message) return { reference: null, says: null, amount: null };
  if (message.kind === 'other') return { reference: null, says: message.type, amount: null };
  if (message.kind === 'operation') return { reference: message.reference, says: message.outcome, amount: null };
  const { outcome, amount } = message.news;
  return { reference: message.reference, says: outcome, amount: amount.toJSON() };
}
