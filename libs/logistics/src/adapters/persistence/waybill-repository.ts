import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { idOf, uuidOf } from '@tradewind/shared-kernel';
import { currentContext, type RequestContext, runInContext } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type FulfilmentId, type OrderId, Waybill, type WaybillId, type WaybillState } from '../../domain/waybill';
import { isFinal, WAYBILL_STATUSES } from '../../domain/waybill-status';
import { type CarrierNumber, Waybills } from '../../features/waybills';
import { LogisticsSettings } from '../../settings';

/** Ids are UUIDs. */
interface WaybillRow extends Omit<WaybillState, 'id' | 'orderId' | 'fulfilmentId'> {
  id: string;
  orderId: string;
  fulfilmentId: string | null;
  version: number;
}

const FINAL = WAYBILL_STATUSES.filter(isFinal);

const SELECT = `
  SELECT w.id, w.order_id AS "orderId", w.fulfilment_id AS "fulfilmentId", w.lines, w.carrier, w.created_at AS "createdAt", w.number, w.status,
         w.sub_status AS "subStatus", w.withdrawn_at AS "withdrawnAt", w.dispatched_at AS "dispatchedAt",
         w.delivered_at AS "deliveredAt", w.returned_at AS "returnedAt", w.cancelled_at AS "cancelledAt", w.version
    FROM logistics.waybill w`;
const BY_ID = `${SELECT} WHERE w.id = ANY($1::uuid[])`;

@Injectable()
export class WaybillRepository extends Waybills {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly settings: LogisticsSettings,
  ) {
    super();
  }

  async add(waybills: readonly Waybill[]): Promise<Waybill[]> {
    const states = waybills.map((waybill) => waybill.snapshot());
    const added = await this.unitOfWork.query<{ id: string }>(
      `INSERT INTO logistics.waybill (id, order_id, fulfilment_id, lines, carrier, status, version, created_at)
       SELECT id, order_id, fulfilment_id, lines::jsonb, carrier, status, version, created_at
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::timestamptz[])
           AS w(id, order_id, fulfilment_id, lines, carrier, status, version, created_at) ORDER BY order_id, fulfilment_id
       ON CONFLICT (order_id, fulfilment_id) DO NOTHING RETURNING id`,
      [
        states.map(({ id }) => uuidOf(id)),
        states.map(({ orderId }) => uuidOf(orderId)),
        states.map(({ fulfilmentId }) => fulfilmentId && uuidOf(fulfilmentId)),
        states.map(({ lines }) => lines && JSON.stringify(lines)),
        states.map(({ carrier }) => carrier),
        states.map(({ status }) => status),
        waybills.map(({ version }) => version),
        states.map(({ createdAt }) => createdAt),
      ],
    );
    const ids = new Set<WaybillId>(added.map(({ id }) => idOf('wbl', id)));
    return waybills.filter(({ id }) => ids.has(id));
  }

  async find(ids: readonly WaybillId[]): Promise<ReadonlyMap<WaybillId, Waybill>> {
    return byId(await this.#read(BY_ID, [ids.map(uuidOf)]));
  }

  async findByNumber({ carrier, number }: CarrierNumber): Promise<Waybill | undefined> {
    return (await this.#read(`${SELECT} WHERE w.carrier = $1 AND w.number = $2`, [carrier, number]))[0];
  }

  async lock(ids: readonly WaybillId[]): Promise<ReadonlyMap<WaybillId, Waybill>> {
    return byId(await this.#read(`${BY_ID} ORDER BY w.id FOR UPDATE`, [ids.map(uuidOf)]));
  }

  async lockOfOrder(orderId: OrderId): Promise<Waybill | undefined> {
    const whole = `${SELECT} WHERE w.order_id = $1 AND w.fulfilment_id IS NULL FOR UPDATE`;
    return (await this.#read(whole, [uuidOf(orderId)]))[0];
  }

  async lockOfFulfilments(ids: readonly FulfilmentId[]): Promise<Waybill[]> {
    if (ids.length === 0) return [];
    const parts = `${SELECT} WHERE w.fulfilment_id = ANY($1::uuid[]) ORDER BY w.id FOR UPDATE`;
    return this.#read(parts, [ids.map(uuidOf)]);
  }

  async lockByNumbers(numbers: readonly CarrierNumber[]): Promise<Waybill[]> {
    if (numbers.length === 0) return [];
    return this.#read(
      `${SELECT} JOIN unnest($1::text[], $2::text[]) AS n(carrier, number) USING (carrier, number)
        ORDER BY w.id FOR UPDATE OF w`,
      [numbers.map(({ carrier }) => carrier), numbers.map(({ number }) => number)],
    );
  }

  async save(
    waybills: readonly Waybill[],
    causeOf: (waybill: Waybill) => RequestContext = currentContext,
  ): Promise<void> {
    const { firstMs, mostMs } = this.settings.poll;
    const changed = waybills.map((waybill) => ({ state: waybill.snapshot(), events: waybill.takeEvents(), waybill }));
    const saved = await this.unitOfWork.query(
      `UPDATE logistics.waybill AS w
          SET number = n.number, status = n.status, sub_status = n.sub_status, withdrawn_at = n.withdrawn_at,
              dispatched_at = n.dispatched_at, delivered_at = n.delivered_at, returned_at = n.returned_at,
              cancelled_at = n.cancelled_at, version = n.version, poll_wait_ms = $12::bigint,
              next_poll_at = CASE WHEN n.number IS NULL OR n.status = ANY($14::text[]) THEN NULL
                                  WHEN n.status = 'DELIVERED' THEN now() + $13::bigint * interval '1 millisecond'
                                  ELSE now() + $12::bigint * interval '1 millisecond' END
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
        firstMs,
        mostMs,
        FINAL,
      ],
    );
    if (saved.length !== changed.length) throw new Error('a waybill was changed by someone who did not lock it');
    for (const { waybill, events } of changed) {
      runInContext(causeOf(waybill), () => void this.eventBus.publishAll(events));
    }
  }

  async #read(text: string, values: unknown[]): Promise<Waybill[]> {
    return (await this.unitOfWork.query<WaybillRow>(text, values)).map(restored);
  }
}

const restored = ({ version, id, orderId, fulfilmentId, ...state }: WaybillRow): Waybill =>
  Waybill.restore(
    {
      ...state,
      id: idOf('wbl', id),
      orderId: idOf('ord', orderId),
      fulfilmentId: fulfilmentId === null ? null : idOf('ful', fulfilmentId),
    },
    version,
  );

const byId = (waybills: Waybill[]): Map<WaybillId, Waybill> =>
  new Map(waybills.map((waybill) => [waybill.id, waybill]));
