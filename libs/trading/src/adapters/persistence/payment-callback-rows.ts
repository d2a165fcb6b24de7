import { Injectable } from '@nestjs/common';
import { type Id, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PaymentCallbacks, type StoredCallback } from '../../domain/payment-callback';

@Injectable()
export class PaymentCallbackRows extends PaymentCallbacks {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async add({ id, gateway, eventId, body, receivedAt }: StoredCallback): Promise<boolean> {
    const added = await this.unitOfWork.query(
      `INSERT INTO trading.payment_callback (id, gateway, event_id, body, received_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (gateway, event_id) DO NOTHING RETURNING id`,
      [uuidOf(id), gateway, eventId, body, receivedAt],
    );
    return added.length === 1;
  }

  async find(id: Id<'pcb'>): Promise<StoredCallback> {
    const [row] = await this.unitOfWork.query<{ gateway: string; event_id: string; body: Buffer; received_at: Date }>(
      'SELECT gateway, event_id, body, received_at FROM trading.payment_callback WHERE id = $1',
      [uuidOf(id)],
    );
    if (!row) throw new Error(`payment callback ${id} is gone`);
    return { id, gateway: row.gateway, eventId: row.event_id, body: row.body, receivedAt: row.received_at };
  }

  async markApplied(id: Id<'pcb'>, outcome: string, at: Date): Promise<void> {
    await this.unitOfWork.query('UPDATE trading.payment_callback SET applied_at = $2, outcome = $3 WHERE id = $1', [
      uuidOf(id),
      at,
      outcome,
    ]);
  }
}
