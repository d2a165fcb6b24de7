import { Injectable } from '@nestjs/common';
import { firstUuidOf, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import {
  operationId,
  type OperationKind,
  type OperationState,
  statusOf,
} from '../../../domain/payments/payment-operations';
import {
  type Booking,
  type BookingKind,
  type MoneyFact,
  operationOf,
  type Pair,
  type Period,
  StatementComparison,
} from '../../../domain/reconciliation/bookings';
import { refusal } from '../../../domain/refusals';

const PAGE = 2000;
/** Longer than any order waits to be paid; identifiers grow with the time at which something was asked for. */
const LONGEST_WAIT_MS = 31 * 86_400_000;
const CLOCKS_MS = 3_600_000;

/**
 * The statement becomes a temporary table, PostgreSQL joins, and the pairs are read through a cursor: the memory is that of a
 * page however long the statement is. The table ends with the transaction, which writes nothing else.
 */
@Injectable()
export class StatementRows extends StatementComparison {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  compare(
    gateway: string,
    statement: AsyncIterable<Booking[]>,
    given: Partial<Period>,
    told: (pair: Pair) => void,
  ): Promise<Period> {
    // Once: the file cannot be read again from its start.
    return this.unitOfWork.runOnce(async () => {
      await this.unitOfWork.queryUnprepared('SET LOCAL plan_cache_mode = auto'); // plans for this period
      await this.#store(statement);
      const period = await this.#period(given);
      await this.unitOfWork.queryUnprepared(PAIRS, [
        gateway,
        period.from,
        period.to,
        firstUuidOf(period.from.getTime() - LONGEST_WAIT_MS),
        firstUuidOf(period.to.getTime() + CLOCKS_MS),
      ]);
      for (;;) {
        const rows = await this.unitOfWork.queryUnprepared<PairRow>(`FETCH ${PAGE} FROM pairs`);
        for (const row of rows) told(pairOf(row));
        if (rows.length < PAGE) return period;
      }
    });
  }

  async #store(statement: AsyncIterable<Booking[]>): Promise<void> {
    await this.unitOfWork.queryUnprepared(
      `CREATE TEMPORARY TABLE statement_row (
         line integer NOT NULL, gateway_ref text NOT NULL, reference text COLLATE "C", kind text NOT NULL, amount bigint NOT NULL,
         currency text NOT NULL, booked_at timestamptz NOT NULL, operation_kind text, operation_id uuid) ON COMMIT DROP`,
    );
    for await (const bookings of statement) {
      const named = bookings.map(operationOf);
      await this.unitOfWork.queryUnprepared(
        `INSERT INTO statement_row
         SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[],
                              $8::text[], $9::uuid[])`,
        [
          bookings.map(({ line }) => line),
          bookings.map(({ gatewayReference }) => gatewayReference),
          bookings.map(({ reference }) => reference),
          bookings.map(({ kind }) => kind),
          bookings.map(({ amount }) => amount.amount),
          bookings.map(({ amount }) => amount.currency),
          bookings.map(({ bookedAt }) => bookedAt.toISOString()),
          named.map((operation) => operation?.kind ?? null),
          named.map((operation) => (operation ? uuidOf(operation.id) : null)),
        ],
      );
    }
    await this.unitOfWork.queryUnprepared('ANALYZE statement_row');
  }

  async #period({ from, to }: Partial<Period>): Promise<Period> {
    const [row] = await this.unitOfWork.queryUnprepared<{ first: Date | null; last: Date | null }>(
      'SELECT min(booked_at) AS first, max(booked_at) AS last FROM statement_row',
    );
    const begin = from ?? row?.first;
    const end = to ?? (row?.last && new Date(row.last.getTime() + 1));
    if (!begin || !end) throw refusal('malformed-statement', 'a statement without rows needs `from` and `to`');
    return { from: begin, to: end };
  }
}

/**
 * What was captured as the buyer paid is what no capture of its own took. An authorisation is money only then; otherwise it is
 * here so that a row which names it finds out why it is not.
 */
const PAIRS = `DECLARE pairs NO SCROLL CURSOR FOR
  WITH wanted AS (
    SELECT operation_id AS id FROM statement_row WHERE operation_id IS NOT NULL
    UNION
    SELECT id FROM trading.payment_operation WHERE id >= $4::uuid AND id < $5::uuid),
  fact AS (
    SELECT o.id, o.kind, o.gateway_ref, o.payment_id, o.order_id, o.currency, o.amount, o.state, o.requested_at AS at
      FROM wanted JOIN trading.payment_operation o USING (id)
     WHERE o.gateway = $1 AND o.kind IN ('capture', 'refund')
    UNION ALL
    SELECT o.id, o.kind, p.gateway_reference, p.id, p.order_id, p.currency,
           CASE WHEN p.captured > later.captured THEN p.captured - later.captured ELSE p.amount END,
           CASE WHEN p.captured > later.captured THEN 'succeeded' WHEN p.declined OR p.voided THEN 'failed'
                WHEN o.state IN ('unknown', 'stuck') THEN o.state ELSE 'pending' END,
           coalesce(orders.paid_at, o.requested_at)
      FROM wanted JOIN trading.payment_operation o USING (id) JOIN trading.payment p USING (id)
      JOIN trading.orders ON orders.id = p.order_id
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(c.amount), 0)::bigint AS captured FROM trading.payment_operation c
        WHERE c.payment_id = p.id AND c.kind = 'capture' AND c.state = 'succeeded') AS later
     WHERE p.gateway = $1 AND o.kind = 'authorize'),
  booking AS (
    SELECT *, row_number() OVER (PARTITION BY kind, coalesce(reference, gateway_ref), reference IS NULL ORDER BY line) AS nth
      FROM statement_row)
  SELECT b.line, b.nth, b.gateway_ref AS "thereRef", b.reference, b.kind AS "bookingKind", b.amount AS "thereAmount",
         b.currency AS "thereCurrency", b.booked_at AS "bookedAt", f.id, f.kind, f.gateway_ref AS "hereRef",
         f.payment_id AS "paymentId", f.order_id AS "orderId", f.currency, f.amount, f.state, f.at
    FROM booking b LEFT JOIN fact f ON f.id = b.operation_id AND f.kind = b.operation_kind
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.id, f.kind, f.gateway_ref, f.payment_id, f.order_id, f.currency,
         f.amount, f.state, f.at
    FROM fact f
   WHERE f.state = 'succeeded' AND f.at >= $2::timestamptz AND f.at < $3::timestamptz AND NOT EXISTS (
     SELECT FROM statement_row s WHERE s.operation_id = f.id AND s.operation_kind = f.kind)
   ORDER BY 1 NULLS LAST, id`;

interface FactColumns {
  id: string;
  kind: OperationKind;
  hereRef: string | null;
  paymentId: string;
  orderId: string;
  currency: string;
  amount: bigint;
  state: OperationState;
  at: Date;
}

interface BookingColumns {
  line: number;
  nth: bigint;
  thereRef: string;
  reference: string | null;
  bookingKind: BookingKind;
  thereAmount: bigint;
  thereCurrency: string;
  bookedAt: Date;
}

/** At least one side of it is there. */
type PairRow = { [Column in keyof FactColumns]: FactColumns[Column] | null } & {
  [Column in keyof BookingColumns]: BookingColumns[Column] | null;
};

function pairOf(row: PairRow): Pair {
  const fact = row.id === null ? undefined : factOf(row as FactColumns);
  if (row.line === null) return { fact: fact as MoneyFact };
  const there = row as BookingColumns;
  const booking = {
    line: there.line,
    gatewayReference: there.thereRef,
    reference: there.reference,
    kind: there.bookingKind,
    amount: Money.of(there.thereAmount, there.thereCurrency),
    bookedAt: there.bookedAt,
  };
  return { booking, nth: Number(there.nth), ...(fact && { fact }) };
}

const factOf = (row: FactColumns): MoneyFact => ({
  reference: operationId(row.kind, row.id),
  gatewayReference: row.hereRef,
  kind: row.kind === 'refund' ? 'refund' : 'capture',
  amount: Money.of(row.amount, row.currency),
  status: statusOf(row.state),
  at: row.at,
  paymentId: idOf('pay', row.paymentId),
  orderId: idOf('ord', row.orderId),
});
