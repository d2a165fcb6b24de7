import type { Id, Money } from '@tradewind/shared-kernel';

/** `automatic`: captured as soon as it is authorised. `manual`: captured, in whole or in part, when somebody asks for it. */
export type CaptureMode = 'automatic' | 'manual';

/** What a buyer is asked to pay. */
export interface Charge {
  paymentId: Id<'pay'>;
  orderId: Id<'ord'>;
  buyerId: Id<'buy'> | null;
  amount: Money;
  capture: CaptureMode;
}

/** A charge as its gateway may know it. */
export interface ChargeAtGateway extends Charge {
  /** The gateway's idempotency key of the authorisation. */
  key: string;
  /** What the gateway calls the payment; null while it has not told. */
  gatewayReference: string | null;
}

/** Takes authorised money, lets go of it, or gives captured money back. */
export interface Instruction {
  kind: 'capture' | 'void' | 'refund';
  /** Our name of the operation, which the gateway's messages repeat: `cap_…`, `voi_…`, `ref_…`. */
  reference: string;
  /** The gateway's idempotency key: the same while the outcome is unknown, a new one only after a definite failure. */
  key: string;
  amount: Money;
  /** Of a capture: nothing more will be captured, and what is left is let go. */
  final: boolean;
  payment: Charge & { gatewayReference: string | null };
}

/** What a gateway says of a charge, whoever brought the news: its message, the buyer's return, or our own question. */
export interface PaymentNews {
  /** `voided`: an authorisation that was let go, or ran out, at the gateway. */
  outcome: 'authorized' | 'paid' | 'declined' | 'voided';
  /** What was asked for. */
  amount: Money;
  gatewayReference: string;
}

/** What the buyer's browser needs in order to pay. */
export interface BuyerAction {
  redirectUrl?: string;
  clientSecret?: string;
}

/** It had no effect; `keySpent` when the gateway would repeat its refusal for ever under the same key. */
interface NotDone {
  kind: 'not-done';
  reason: string;
  keySpent?: boolean;
}

/** What the gateway knows of a charge. `pending`: the buyer has not decided. */
export type ChargeAnswer =
  | { kind: 'news'; news: PaymentNews }
  | { kind: 'pending'; gatewayReference?: string; buyerAction?: BuyerAction }
  | { kind: 'failed' | 'unknown'; reason: string }
  | NotDone;

/** What became of an instruction. */
export type OperationAnswer =
  | { kind: 'succeeded'; gatewayReference: string }
  | { kind: 'failed' | 'pending' | 'unknown'; reason: string }
  | NotDone;

/** HTTP headers with lower-case names. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A verified message of a gateway, about a charge (`pay_…`) or an operation (`cap_…`, `voi_…`, `ref_…`) of ours. */
export type GatewayMessage = { eventId: string } & (
  | { kind: 'payment'; reference: string; news: PaymentNews }
  | { kind: 'operation'; reference: string; outcome: 'succeeded' | 'failed'; gatewayReference: string }
  | { kind: 'other'; type: string }
);

/**
 * A payment gateway behind its anti-corruption layer. No call of it runs inside a database transaction. A call that ends
 * without an answer is `unknown`: it is asked about with `query`, never guessed.
 */
export abstract class PaymentGateway {
  abstract readonly name: string;
  /** Whether it can authorise now and capture later. */
  abstract readonly capturesLater: boolean;
  /** Whether one authorisation can be captured several times; otherwise each capture is `final`. */
  abstract readonly capturesInParts: boolean;

  /** Whether the gateway is told of a charge before the buyer can pay; what he needs is known only then. */
  readonly isToldFirst: boolean = false;

  /** Whether somebody else keeps its books, whose statements can be laid beside ours. */
  readonly hasStatements: boolean = true;

  /** Where the buyer goes to authorise, made without a call; undefined when the gateway is told first, by `authorize`. */
  abstract redirectUrl(charge: Charge): string | undefined;
  /** Tells the gateway what the buyer is to pay. Not called when there is a `redirectUrl`. */
  abstract authorize(charge: ChargeAtGateway, signal: AbortSignal): Promise<ChargeAnswer>;
  abstract capture(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer>;
  abstract void(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer>;
  abstract refund(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer>;
  /** What became of a charge. */
  abstract query(charge: ChargeAtGateway, signal: AbortSignal): Promise<ChargeAnswer>;
  /** What became of an instruction; `not-done` when the gateway has never heard of it. */
  abstract queryOperation(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer>;
  /** What the buyer's browser needs now, asked of the gateway where it must not be stored; empty while it was not told. */
  async buyerAction(charge: ChargeAtGateway, _signal: AbortSignal): Promise<BuyerAction> {
    const redirectUrl = this.redirectUrl(charge);
    return redirectUrl === undefined ? {} : { redirectUrl };
  }
  /** Throws `invalid-signature` unless these very bytes were signed, not long ago. */
  abstract verifyCallback(body: Uint8Array, headers: Headers, now: Date): void;
  /** Reads verified bytes; throws `malformed-callback`. */
  abstract parseCallback(body: Uint8Array): GatewayMessage;
}

/**
 * A gateway whose money is in this database: a charge is paid in the transaction of its checkout, and no buyer is sent
 * anywhere. Refunds are called as those of any gateway; they find their own earlier effect by `reference`.
 */
export abstract class LocalGateway extends PaymentGateway {
  readonly capturesLater = false;
  readonly capturesInParts = false;
  override readonly hasStatements = false;

  /** Locks what these buyers have, in ascending order: the last locks of a checkout before the lanes. */
  abstract open(buyerIds: readonly Id<'buy'>[]): Promise<Till>;

  redirectUrl(): undefined {
    return undefined;
  }
}

/** What the buyers of one batch of checkouts have, while it is locked: each payment is seen by the next one. */
export interface Till {
  /** Takes the amount in memory and returns the gateway's reference of the payment, or throws the refusal and takes nothing. */
  pay(charge: Charge): string;
  /** Writes what was paid, without waiting between the statements: fit for the end of a unit of work. */
  write(): Promise<unknown>;
}

/** The gateways on offer, by name. */
export abstract class PaymentGateways {
  abstract named(name: string): PaymentGateway | undefined;
  /** Names of the gateways, for people. */
  abstract get names(): readonly string[];
}
