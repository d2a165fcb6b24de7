import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Intent } from '../../domain/delivery';
import { Deliveries, type DeliveryRecord } from '../../features/deliveries';
import { DeliverySchema } from './delivery.schema';

@Injectable()
export class PostgresDeliveries extends Deliveries {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async add({ to, ...intent }: Intent): Promise<void> {
    const addressed =
      'recipient' in to
        ? {
            state: 'requested' as const,
            // The effect worker compares with the database's clock.
            dueAt: () => 'now()',
            recipientName: to.recipient.name,
            recipientEmail: to.recipient.email,
          }
        : { state: 'skipped' as const, lastError: to.skipped };
    await this.unitOfWork.manager
      .createQueryBuilder()
      .insert()
      .into(DeliverySchema)
      .values({ ...intent, ...addressed })
      .orIgnore()
      .updateEntity(false)
      .execute();
  }

  async markSent(id: string, at: Date): Promise<void> {
    await this.unitOfWork.manager.update(DeliverySchema, { id }, { sentAt: at });
  }

  ofOrder(orderId: string, limit: number, before?: string): Promise<DeliveryRecord[]> {
    return this.unitOfWork.manager.find(DeliverySchema, {
      where: { orderId, ...(before && { id: LessThan(before) }) },
      order: { id: 'DESC' },
      take: limit,
    });
  }
}
