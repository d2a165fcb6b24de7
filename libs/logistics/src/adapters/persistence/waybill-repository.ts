import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { uuidOf } from '@tradewind/shared-kernel';
import { currentContext, type RequestContext, runInContext } from '@tradewind/shared-kernel/observability';
import { idColumn, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { EntitySchema, type FindOptionsWhere } from 'typeorm';
import { type OrderId, Waybill, type WaybillId, type WaybillState } from '../../domain/waybill';
import { type CarrierNumber, Waybills } from '../../features/waybills';

interface WaybillRow extends WaybillState {
  version: number;
}

const time = (name: string) => ({ name, type: 'timestamptz', nullable: true }) as const;

export const WaybillTable = new EntitySchema<WaybillRow>({
  name: 'Waybill',
  schema: 'logistics',
  tableName: 'waybill',
  columns: {
    id: idColumn('wbl', { primary: true }),
    orderId: idColumn('ord', { name: 'order_id' }),
    carrier: { type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz' },
    number: { type: 'text', nullable: true },
    status: { type: 'text' },
    subStatus: { name: 'sub_status', type: 'text', nullable: true },
    withdrawnAt: time('withdrawn_at'),
    dispatchedAt: time('dispatched_at'),
    deliveredAt: time('delivered_at'),
    returnedAt: time('returned_at'),
    cancelledAt: time('cancelled_at'),
    version: { type: 'int' },
  },
});

@Injectable()
export class WaybillRepository extends Waybills {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
  ) {
    super();
  }

  async add(waybill: Waybill): Promise<boolean> {
    const { id, orderId, carrier, status, createdAt } = waybill.snapshot();
    const added = await this.unitOfWork.query(
      `INSERT INTO logistics.waybill (id, order_id, carrier, status, version, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (order_id) DO NOTHING RETURNING id`,
      [uuidOf(id), uuidOf(orderId), carrier, status, waybill.version, createdAt],
    );
    return added.length === 1;
  }

  async find(id: WaybillId): Promise<Waybill | undefined> {
    const row = await this.unitOfWork.manager.findOneBy(WaybillTable, { id });
    return row ? restored(row) : undefined;
  }

  async findByNumber({ carrier, number }: CarrierNumber): Promise<Waybill | undefined> {
    const row = await this.unitOfWork.manager.findOneBy(WaybillTable, { carrier, number });
    return row ? restored(row) : undefined;
  }

  async lock(id: WaybillId): Promise<Waybill | undefined> {
    return this.#locked({ id });
  }

  async lockOfOrder(orderId: OrderId): Promise<Waybill | undefined> {
    return this.#locked({ orderId });
  }

  async lockByNumbers(numbers: readonly CarrierNumber[]): Promise<Waybill[]> {
    if (numbers.length === 0) return [];
    const rows = await this.unitOfWork.manager
      .createQueryBuilder(WaybillTable, 'w')
      .where('(w.carrier, w.number) IN (SELECT * FROM unnest(CAST(:carriers AS text[]), CAST(:numbers AS text[])))', {
        carriers: numbers.map(({ carrier }) => carrier),
        numbers: numbers.map(({ number }) => number),
      })
      .orderBy('w.id')
      .setLock('pessimistic_write')
      .getMany();
    return rows.map(restored);
  }

  async save(
    waybills: readonly Waybill[],
    causeOf: (waybill: Waybill) => RequestContext = currentContext,
  ): Promise<void> {
    const changed = waybills.map((waybill) => ({ state: waybill.snapshot(), events: waybill.takeEvents(), waybill }));
    const saved = await this.unitOfWork.query(
      `UPDATE logistics.waybill AS w
          SET number = n.number, status = n.status, sub_status = n.sub_status, withdrawn_at = n.withdrawn_at,
              dispatched_at = n.dispatched_at, delivered_at = n.delivered_at, returned_at = n.returned_at,
              cancelled_at = n.cancelled_at, version = n.version
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
           AS n(id, read_version, version, number, status, sub_status, withdrawn_at, dispatched_at, delivered_at,
                returned_at, cancelled_at)
        WHERE w.id = n.id AND w.version = n.read_version RETURNING w.id`,
      [
        changed.map(({ state }) => uuidOf(state.id)),
        changed.map(({ waybill, events }) => waybill.version - events.length),
        changed.map(({ waybill }) => waybill.version),
        changed.map(({ state }) => state.number),
        changed.map(({ state }) => state.status),
        changed.map(({ state }) => state.subStatus),
        changed.map(({ state }) => state.withdrawnAt),
        changed.map(({ state }) => state.dispatchedAt),
        changed.map(({ state }) => state.deliveredAt),
        changed.map(({ state }) => state.returnedAt),
        changed.map(({ state }) => state.cancelledAt),
      ],
    );
    if (saved.length !== changed.length) throw new Error('a waybill was changed by someone who did not lock it');
    for (const { waybill, events } of changed) {
      runInContext(causeOf(waybill), () => void this.eventBus.publishAll(events));
    }
  }

  async #locked(where: FindOptionsWhere<WaybillRow>): Promise<Waybill | undefined> {
    const row = await this.unitOfWork.manager.findOne(WaybillTable, { where, lock: { mode: 'pessimistic_write' } });
    return row ? restored(row) : undefined;
  }
}

const restored = ({ version, ...state }: WaybillRow): Waybill => Waybill.restore(state, version);
