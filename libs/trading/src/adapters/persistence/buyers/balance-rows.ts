import { Injectable } from '@nestjs/common';
import { type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type BalanceAccount, type BalanceEntry, BalanceLedger } from '../../../domain/buyers/balance-ledger';
import { refusal } from '../../../domain/refusals';

@Injectable()
export class BalanceRows extends BalanceLedger {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async balances(buyerId: Id<'buy'>): Promise<Money[]> {
    const rows = await this.unitOfWork.query<{ currency: string; balance: bigint }>(
      'SELECT currency, balance FROM trading.balance_account WHERE buyer_id = $1 ORDER BY currency',
      [uuidOf(buyerId)],
    );
    return rows.map(({ currency, balance }) => Money.of(balance, currency));
  }

  async entries(buyerId: Id<'buy'>, limit: number, after?: Id<'bal'>): Promise<BalanceEntry[]> {
    const rows = await this.unitOfWork.query<EntryRow>(
      `${SELECT} WHERE buyer_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [uuidOf(buyerId), after ? uuidOf(after) : null, limit + 1],
    );
    return rows.map(entryOf);
  }

  async entryOfRequest(requestKey: string): Promise<BalanceEntry | undefined> {
    const [row] = await this.unitOfWork.query<EntryRow>(`${SELECT} WHERE request_key = $1`, [requestKey]);
    return row && entryOf(row);
  }

  async credit(entry: BalanceEntry, requestKey: string): Promise<void> {
    const { buyerId, amount } = entry;
    const [account] = await this.unitOfWork.query<{ balance: bigint }>(
      `INSERT INTO trading.balance_account AS a (buyer_id, currency, balance) VALUES ($1, $2, $3)
       ON CONFLICT (buyer_id, currency) DO UPDATE SET balance = a.balance + excluded.balance RETURNING balance`,
      [uuidOf(buyerId), amount.currency, amount.amount],
    );
    if (account && account.balance > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw refusal('amount-too-large', 'the balance would be beyond 2^53 - 1 minor units');
    }
    await this.#add([entry], requestKey);
  }

  async lock(buyerIds: readonly Id<'buy'>[]): Promise<BalanceAccount[]> {
    const rows = await this.unitOfWork.query<{ buyer_id: string; currency: string; balance: bigint }>(
      `SELECT buyer_id, currency, balance FROM trading.balance_account WHERE buyer_id = ANY($1::uuid[])
        ORDER BY buyer_id, currency FOR UPDATE`,
      [buyerIds.map(uuidOf)],
    );
    return rows.map(({ buyer_id: buyerId, currency, balance }) => ({
      buyerId: idOf('buy', buyerId),
      balance: Money.of(balance, currency),
    }));
  }

  take(payments: readonly BalanceEntry[]): Promise<unknown> {
    if (payments.length === 0) return Promise.resolve();
    const taken = this.unitOfWork.query(
      `UPDATE trading.balance_account a SET balance = a.balance + t.amount
         FROM (SELECT buyer_id, currency, sum(amount) AS amount
                 FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS p(buyer_id, currency, amount)
                GROUP BY buyer_id, currency) t
        WHERE a.buyer_id = t.buyer_id AND a.currency = t.currency`,
      [
        payments.map(({ buyerId }) => uuidOf(buyerId)),
        payments.map(({ amount }) => amount.currency),
        payments.map(({ amount }) => amount.amount),
      ],
    );
    return Promise.all([taken, this.#add(payments, null)]);
  }

  /** Whoever gives the same refund back at once waits for the account and finds the line. */
  giveBack({ id, refundId, paymentId, amount, recordedAt }: Parameters<BalanceLedger['giveBack']>[0]) {
    return this.unitOfWork.run(async () => {
      const payment = await this.lineOfPayment(paymentId);
      if (payment?.amount.currency !== amount.currency) return undefined;
      const { buyerId, orderId } = payment;
      const account = [uuidOf(buyerId), amount.currency];
      await this.unitOfWork.query(
        'SELECT FROM trading.balance_account WHERE buyer_id = $1 AND currency = $2 FOR UPDATE',
        account,
      );
      const earlier = await this.lineOfRefund(refundId);
      if (earlier) return earlier;
      await this.unitOfWork.query(
        'UPDATE trading.balance_account SET balance = balance + $3 WHERE buyer_id = $1 AND currency = $2',
        [...account, amount.amount],
      );
      const about = { buyerId, orderId, paymentId, refundId, reason: null, reference: null };
      await this.#add([{ id, kind: 'refund', amount, ...about, recordedAt }], null);
      return id;
    });
  }

  async lineOfRefund(refundId: Id<'ref'>): Promise<Id<'bal'> | undefined> {
    const [row] = await this.unitOfWork.query<{ id: string }>(
      'SELECT id FROM trading.balance_entry WHERE refund_id = $1',
      [uuidOf(refundId)],
    );
    return row && idOf('bal', row.id);
  }

  async lineOfPayment(paymentId: Id<'pay'>): Promise<BalanceEntry | undefined> {
    const [row] = await this.unitOfWork.query<EntryRow>(`${SELECT} WHERE payment_id = $1 AND kind = 'payment'`, [
      uuidOf(paymentId),
    ]);
    return row && entryOf(row);
  }

  #add(entries: readonly BalanceEntry[], requestKey: string | null): Promise<unknown> {
    return this.unitOfWork.query(
      `INSERT INTO trading.balance_entry (id, buyer_id, currency, kind, amount, order_id, payment_id, refund_id, reason,
                                          reference, recorded_at, request_key)
       SELECT *, $12 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[],
                                 $8::uuid[], $9::text[], $10::text[], $11::timestamptz[])`,
      [
        entries.map(({ id }) => uuidOf(id)),
        entries.map(({ buyerId }) => uuidOf(buyerId)),
        entries.map(({ amount }) => amount.currency),
        entries.map(({ kind }) => kind),
        entries.map(({ amount }) => amount.amount),
        entries.map(({ orderId }) => orderId && uuidOf(orderId)),
        entries.map(({ paymentId }) => paymentId && uuidOf(paymentId)),
        entries.map(({ refundId }) => refundId && uuidOf(refundId)),
        entries.map(({ reason }) => reason),
        entries.map(({ reference }) => reference),
        entries.map(({ recordedAt }) => recordedAt),
        requestKey,
      ],
    );
  }
}

interface EntryRow extends Record<string, unknown> {
  id: string;
  buyer_id: string;
  kind: BalanceEntry['kind'];
  amount: bigint;
  currency: string;
  order_id: string | null;
  payment_id: string | null;
  refund_id: string | null;
  reason: string | null;
  reference: string | null;
  recorded_at: Date;
}

const SELECT = `SELECT id, buyer_id, kind, amount, currency, order_id, payment_id, refund_id, reason, reference, recorded_at
  FROM trading.balance_entry`;

const entryOf = (row: EntryRow): BalanceEntry => ({
  id: idOf('bal', row.id),
  buyerId: idOf('buy', row.buyer_id),
  kind: row.kind,
  amount: Money.of(row.amount, row.currency),
  orderId: row.order_id === null ? null : idOf('ord', row.order_id),
  paymentId: row.payment_id === null ? null : idOf('pay', row.payment_id),
  refundId: row.refund_id === null ? null : idOf('ref', row.refund_id),
  reason: row.reason,
  reference: row.reference,
  recordedAt: row.recorded_at,
});
