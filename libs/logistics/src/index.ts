import { type DynamicModule, Module } from '@nestjs/common';
import { EffectTable, EffectWorker } from '@tradewind/shared-kernel/effects';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { type Persistence, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { SfCarrier } from './adapters/carriers/sf/sf-carrier';
import { ZtoCarrier } from './adapters/carriers/zto/zto-carrier';
import { CarriersController } from './adapters/http/carriers.controller';
import { UnmappedCodes } from './adapters/http/unmapped-codes';
import { WaybillViews } from './adapters/http/waybill-views';
import { WaybillsController } from './adapters/http/waybills.controller';
import { CarrierCallTable } from './adapters/persistence/carrier-call-table';
import { CarrierMessageTable } from './adapters/persistence/carrier-message-table';
import { CreateLogistics1767225620000 } from './adapters/persistence/migrations/1767225620000-create-logistics';
import { PollScheduleColumns } from './adapters/persistence/poll-schedule-columns';
import { StatusMappingTable } from './adapters/persistence/status-mapping-table';
import { TrackingTables } from './adapters/persistence/tracking-tables';
import { WaybillStandingRows } from './adapters/persistence/waybill-standing-rows';
import { WaybillRepository } from './adapters/persistence/waybill-repository';
import { AnswerWaybillStanding, WaybillStandings } from './features/answer-waybill-standing';
import { ApplyCarrierMessage } from './features/apply-carrier-message';
import { BookWaybillWhenOrderPaid } from './features/book-waybill-when-order-paid';
import { CallCarriers } from './features/call-carriers';
import { CancelWaybillWhenOrderCancelled } from './features/cancel-waybill-when-order-cancelled';
import { Carriers } from './features/carrier';
import { CarrierCalls } from './features/carrier-calls';
import { CarrierMessages } from './features/carrier-messages';
import { PollCarriers } from './features/poll-carriers';
import { PollSchedule } from './features/poll-schedule';
import { ReceiveCarrierMessage } from './features/receive-carrier-message';
import { ShipFulfilments } from './features/ship-fulfilments';
import { StatusMappings } from './features/status-mappings';
import { TrackingRecords } from './features/tracking-records';
import { Waybills } from './features/waybills';
import { WithdrawWaybills } from './features/withdraw-waybills';
import { LogisticsSettings } from './settings';

export { WAYBILL_MOVES, WAYBILL_RANK } from './domain/waybill-status';
export { LOGISTICS_DEFAULTS, LogisticsSettings } from './settings';

export const logisticsPersistence: Persistence = {
  entities: [],
  migrations: [CreateLogistics1767225620000],
};

const PORTS = [
  { provide: Waybills, useClass: WaybillRepository },
  { provide: TrackingRecords, useClass: TrackingTables },
  { provide: CarrierMessages, useClass: CarrierMessageTable },
  { provide: PollSchedule, useClass: PollScheduleColumns },
  { provide: StatusMappings, useClass: StatusMappingTable },
  { provide: WaybillStandings, useClass: WaybillStandingRows },
  { provide: Carriers, useFactory: connect, inject: [LogisticsSettings] },
  CarrierCallTable,
  { provide: CarrierCalls, useExisting: CarrierCallTable },
];

/** Waybills, carriers and tracking. */
@Module({})
export class LogisticsModule {
  constructor(
    workers: Workers,
    calls: CarrierCallTable,
    effect: CallCarriers,
    poller: PollCarriers,
    unitOfWork: UnitOfWork,
    settings: LogisticsSettings,
  ) {
    const caller = new EffectWorker(effect, new EffectTable(unitOfWork, 'logistics.carrier_call'), {
      timeoutMs: settings.callTimeoutMs,
    });
    calls.onRequested(() => caller.wake());
    workers.add(caller);
    workers.add(poller);
  }

  static register(settings: LogisticsSettings): DynamicModule {
    return {
      module: LogisticsModule,
      controllers: [WaybillsController, CarriersController],
      providers: [
        { provide: LogisticsSettings, useValue: settings },
        ...PORTS,
        WaybillViews,
        UnmappedCodes,
        AnswerWaybillStanding,
        BookWaybillWhenOrderPaid,
        CancelWaybillWhenOrderCancelled,
        ReceiveCarrierMessage,
        ApplyCarrierMessage,
        CallCarriers,
        PollCarriers,
        ShipFulfilments,
        WithdrawWaybills,
      ],
    };
  }
}

/** A new carrier is connected here. */
function connect(settings: LogisticsSettings): Carriers {
  const { carriers, allowUnsignedCallbacks: allowUnsigned } = settings;
  const sf = new SfCarrier({ ...carriers.SF, allowUnsigned });
  const zto = new ZtoCarrier({ ...carriers.ZTO, allowUnsigned });
  return new Carriers([sf, zto], settings.defaultCarrier === 'SF' ? sf : zto);
}
