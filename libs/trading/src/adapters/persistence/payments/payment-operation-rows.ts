import { Injectable } from '@nestjs/common';
import { type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { RefundedLine } from '../../../domain/orders/goods-lines';
import {
  type EndedOperation,
  operationId,
  type OperationKind,
  type OperationState,
  type PaymentOperation,
  PaymentOperations,
  type Refund,
  statusOf,
} from '../../../domain/payments/payment-operations';
import { refusal } from '../../../domain/refusals';
import { type UnitsJson, unitsFromJson } from '../../../features/refunds/refunded-units';

interface NewOperation {
  id: string;
  kind: OperationKind;
  paymentId: Id<'pay'>;
  amount: Money;
  requestedAt?: Date;
  reason?: string;
  requestKey?: string | null;
  final?: boolean;
  lines?: readonly RefundedLine[];
}

@Injectable()
export class PaymentOperationRows extends PaymentOperations {
  #onAdded: () => void = () => undefined;

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  addRefund(refund: Omit<Refund, 'status'>, paymentId: Id<'pay'>, requestKey: string | null): Promise<void> {
    return this.#add({ ...refund, kind: 'refund', paymentId, requestKey });
  }

  addCapture(id: Id<'cap'>, paymentId: Id<'pay'>, amount: Money, final: boolean, requestKey: string): Promise<void> {
    return this.#add({ id, kind: 'capture', paymentId, amount, final, requestKey });
  }

  addVoid(id: Id<'voi'>, paymentId: Id<'pay'>, amount: Money, requestKey: string | null): Promise<void> {
    return this.#add({ id, kind: 'void', paymentId, amount, requestKey });
  }

  async ofRequest(requestKey: string): Promise<string | undefined> {
    const [row] = await this.unitOfWork.query<{ id: string; kind: OperationKind }>(
      'SELECT id, kind FROM trading.payment_operation WHERE request_key = $1',
      [requestKey],
    );
    return row && operationId(row.kind, row.id);
  }

  announce(): void {
    this.unitOfWork.afterCommit(() => this.#onAdded());
  }

  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }

  async closeAuthorizations(paymentIds: readonly Id<'pay'>[]): Promise<void> {
    if (paymentIds.length === 0) return;
    await this.unitOfWork.query(
      `WITH open AS (
         SELECT id FROM trading.payment_operation
          WHERE id = ANY($1::uuid[]) AND kind = 'authorize' AND state <> 'succeeded' ORDER BY id FOR UPDATE)
       UPDATE trading.payment_operation o SET state = 'succeeded', due_at = NULL, fence = fence + 1
         FROM open WHERE o.id = open.id`,
      [paymentIds.map(uuidOf)],
    );
  }

  async askAboutAuthorization(paymentId: Id<'pay'>): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.payment_operation SET due_at = now() WHERE id = $1 AND kind = 'authorize' AND due_at IS NOT NULL AND state <> 'sent'`,
      [uuidOf(paymentId)],
    );
    this.announce();
  }

  async atGateway(paymentId: Id<'pay'>): Promise<{ key: string; gatewayReference: string | null }> {
    const [row] = await this.unitOfWork.query<{ gateway_key: string | null; gateway_ref: string | null }>(
      'SELECT gateway_key, gateway_ref FROM trading.payment_operation WHERE id = $1',
      [uuidOf(paymentId)],
    );
    return { key: row?.gateway_key ?? paymentId, gatewayReference: row?.gateway_ref ?? null };
  }

  async keepReference(paymentId: Id<'pay'>, gatewayReference: string): Promise<void> {
    await this.keepReferences([{ operationId: paymentId, gatewayReference }]);
  }

  async keepReferences(references: readonly { operationId: string; gatewayReference: string }[]): Promise<void> {
    if (references.length === 0) return;
    await this.unitOfWork.query(
      `UPDATE trading.payment_operation AS o SET gateway_ref = r.reference
         FROM unnest($1::uuid[], $2::text[]) AS r(id, reference) WHERE o.id = r.id`,
      [references.map((one) => uuidOf(one.operationId)), references.map((one) => one.gatewayReference)],
    );
  }

  async renewKey(id: string): Promise<void> {
    await this.unitOfWork.query(
      'UPDATE trading.payment_operation SET gateway_key = $2 || $3 || attempts WHERE id = $1',
      [uuidOf(id), id, '-'],
    );
  }

  async ordersOf(ids: readonly string[]): Promise<ReadonlyMap<string, Id<'ord'>>> {
    if (ids.length === 0) return new Map();
    const rows = await this.unitOfWork.query<{ id: string; kind: OperationKind; order_id: string }>(
      'SELECT id, kind, order_id FROM trading.payment_operation WHERE id = ANY($1::uuid[])',
      [ids.map(uuidOf)],
    );
    return new Map(rows.map((row) => [operationId(row.kind, row.id), idOf('ord', row.order_id)]));
  }

  async end(
    id: string,
    outcome: 'succeeded' | 'failed',
    gatewayReference: string,
  ): Promise<EndedOperation | undefined> {
    const endable = outcome === 'succeeded' ? ['pending', 'unknown', 'stuck'] : ENDABLE_BY_FAILURE;
    const [row] = await this.unitOfWork.query<EndedRow>(
      `WITH before AS (
         SELECT id, state AS was FROM trading.payment_operation WHERE id = $1 AND kind <> 'authorize' AND (state = ANY($4::text[]) OR (kind = 'refund' AND $2 = 'failed' AND state = 'succeeded'))
          FOR UPDATE)
       UPDATE trading.payment_operation o
          SET state = $2, due_at = NULL, fence = fence + 1, gateway_ref = $3,
              last_error = CASE $2 WHEN 'failed' THEN 'the gateway said so' END
         FROM before WHERE o.id = before.id
       RETURNING o.kind, o.amount, o.currency, o.final, o.units, before.was`,
      [uuidOf(id), outcome, gatewayReference, endable],
    );
    if (!row) return undefined;
    const { kind, final, was } = row;
    const lines = unitsFromJson(row.units, row.currency);
    return { id, kind, amount: Money.of(row.amount, row.currency), final, lines, was };
  }

  async findRefund(id: Id<'ref'>): Promise<Refund> {
    const [row] = await this.unitOfWork.query<RefundRow>(`${SELECT_REFUND} AND id = $1`, [uuidOf(id)]);
    if (!row) throw refusal('unknown-refund', `no refund ${id}`);
    return refundOf(row);
  }

  async refundsOfOrder(orderId: Id<'ord'>, limit: number, after?: Id<'ref'>): Promise<Refund[]> {
    const rows = await this.unitOfWork.query<RefundRow>(
      `${SELECT_REFUND} AND order_id = $1 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $2`,
      [uuidOf(orderId), limit, after ? uuidOf(after) : null],
    );
    return rows.map(refundOf);
  }

  async refundOfRequest(requestKey: string): Promise<Refund | undefined> {
    const [row] = await this.unitOfWork.query<RefundRow>(`${SELECT_REFUND} AND request_key = $1`, [requestKey]);
    return row && refundOf(row);
  }

  async find(id: string): Promise<PaymentOperation> {
    const [row] = await this.unitOfWork.query<OperationRow>(`${SELECT_OPERATIONS} WHERE id = $1`, [uuidOf(id)]);
    if (!row) throw new Error(`payment operation ${id} is gone`);
    return operationOf(row);
  }

  async of(paymentId: Id<'pay'>): Promise<PaymentOperation[]> {
    const rows = await this.unitOfWork.query<OperationRow>(
      `${SELECT_OPERATIONS} WHERE id = $1 OR (payment_id = $1 AND kind <> 'authorize') ORDER BY requested_at, id`,
      [uuidOf(paymentId)],
    );
    return rows.map(operationOf);
  }

  async #add(operation: NewOperation): Promise<void> {
    const { id, kind, paymentId, amount, reason = null, requestKey = null, final = false, requestedAt } = operation;
    const units = unitsToJson(operation.lines ?? []);
    await this.unitOfWork.query(
      `INSERT INTO trading.payment_operation
         (id, payment_id, order_id, gateway, kind, amount, currency, reason, requested_at, request_key, final, units, state,
          due_at)
       SELECT $1, p.id, p.order_id, p.gateway, $3, $4, p.currency, $5, coalesce($8, now()), $6, $7, $9, 'requested', now()
         FROM trading.payment p WHERE p.id = $2`,
      [uuidOf(id), uuidOf(paymentId), kind, amount.amount, reason, requestKey, final, requestedAt ?? null, units],
    );
    this.announce();
  }
}

/** A call under way may still tell of its success itself. */
const ENDABLE_BY_FAILURE = ['requested', 'sent', 'pending', 'unknown', 'stuck'];

interface EndedRow {
  kind: EndedOperation['kind'];
  amount: bigint;
  currency: string;
  final: boolean;
  units: UnitsJson | null;
  was: OperationState;
}

interface OperationRow {
  id: string;
  kind: OperationKind;
  amount: bigint;
  currency: string;
  state: OperationState;
  attempts: number;
  gateway_ref: string | null;
  last_error: string | null;
  requested_at: Date;
  due_at: Date | null;
}

const SELECT_OPERATIONS = `SELECT id, kind, amount, currency, state, attempts, gateway_ref, last_error, requested_at, due_at
  FROM trading.payment_operation`;

const operationOf = (row: OperationRow): PaymentOperation => ({
  id: operationId(row.kind, row.id),
  kind: row.kind,
  amount: Money.of(row.amount, row.currency),
  state: row.state,
  attempts: row.attempts,
  gatewayReference: row.gateway_ref,
  lastError: row.last_error,
  requestedAt: row.requested_at,
  nextCheckAt: row.due_at,
});

interface RefundRow {
  id: string;
  order_id: string;
  amount: bigint;
  currency: string;
  reason: string;
  state: OperationState;
  requested_at: Date;
  units: UnitsJson | null;
}

const SELECT_REFUND = `SELECT id, order_id, amount, currency, reason, state, requested_at, units
  FROM trading.payment_operation WHERE kind = 'refund'`;

const unitsToJson = (units: readonly RefundedLine[]): string | null =>
  units.length > 0
    ? JSON.stringify(units.map(({ amount, ...unit }) => ({ ...unit, amount: Number(amount.amount) })))
    : null;

const refundOf = (row: RefundRow): Refund => ({
  id: idOf('ref', row.id),
  orderId: idOf('ord', row.order_id),
  amount: Money.of(row.amount, row.currency),
  lines: unitsFromJson(row.units, row.currency),
  reason: row.reason,
  status: statusOf(row.state),
  requestedAt: row.requested_at,
});
