import { type DynamicModule, Module } from '@nestjs/common';
import type { Persistence } from '@tradewind/shared-kernel/persistence';
import { CheckoutController } from './adapters/http/checkout.controller';
import { OrdersController } from './adapters/http/orders.controller';
import { PaymentsController } from './adapters/http/payments.controller';
import { RefundsController } from './adapters/http/refunds.controller';
import { SkusController } from './adapters/http/skus.controller';
import { ConfiguredGateways } from './adapters/gateways/configured-gateways';
import { SandboxGateway } from './adapters/gateways/sandbox-gateway';
import { CatalogueRows } from './adapters/persistence/catalogue-rows';
import { CheckoutRows } from './adapters/persistence/checkout-rows';
import { CreateTrading1767225600100 } from './adapters/persistence/migrations';
import { OrderReads } from './adapters/persistence/order-reads';
import { OrderRepository } from './adapters/persistence/order-repository';
import { PaymentCallbackRows } from './adapters/persistence/payment-callback-rows';
import { PaymentOperationRows } from './adapters/persistence/payment-operation-rows';
import { Catalogue } from './domain/catalogue';
import { CheckoutStore } from './domain/checkout-store';
import { Orders } from './domain/orders';
import { PaymentCallbacks } from './domain/payment-callback';
import { PaymentGateways } from './domain/payment-gateway';
import { PaymentOperations } from './domain/payment-operations';
import { AnswerContacts, AnswerShippingDetails, OrderContacts } from './features/answer-peers';
import { ApplyPaymentCallback } from './features/apply-payment-callback';
import { CancelOrderHandler } from './features/cancel-order';
import { CheckOutHandler } from './features/check-out';
import { ExpireUnpaidOrders } from './features/expire-unpaid-orders';
import { FollowWaybill } from './features/follow-waybill';
import { ReceivePaymentCallbackHandler } from './features/receive-payment-callback';
import { RecordPaymentOutcome } from './features/record-payment-outcome';
import { Refunds } from './features/refunds';
import { RequestRefundHandler } from './features/request-refund';
import { ReturnFromGateway } from './features/return-from-gateway';
import { SettlePaymentOperations } from './features/settle-payment-operations';
import { TradingSettings } from './features/trading-settings';

export const tradingPersistence: Persistence = {
  entities: [],
  migrations: [CreateTrading1767225600100],
};

@Module({})
export class TradingModule {
  static register(settings: TradingSettings): DynamicModule {
    return {
      module: TradingModule,
      controllers: [CheckoutController, OrdersController, PaymentsController, RefundsController, SkusController],
      providers: [
        { provide: TradingSettings, useValue: settings },
        { provide: Catalogue, useClass: CatalogueRows },
        { provide: CheckoutStore, useClass: CheckoutRows },
        { provide: Orders, useClass: OrderRepository },
        OrderReads,
        { provide: OrderContacts, useExisting: OrderReads },
        { provide: PaymentCallbacks, useClass: PaymentCallbackRows },
        { provide: PaymentOperations, useClass: PaymentOperationRows },
        SandboxGateway,
        { provide: PaymentGateways, useClass: ConfiguredGateways },
        AnswerContacts,
        AnswerShippingDetails,
        ApplyPaymentCallback,
        CancelOrderHandler,
        CheckOutHandler,
        ExpireUnpaidOrders,
        FollowWaybill,
        ReceivePaymentCallbackHandler,
        RecordPaymentOutcome,
        Refunds,
        RequestRefundHandler,
        ReturnFromGateway,
        SettlePaymentOperations,
      ],
    };
  }
}
