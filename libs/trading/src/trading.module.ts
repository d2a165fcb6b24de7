import { type DynamicModule, Module } from '@nestjs/common';
import type { Persistence } from '@tradewind/shared-kernel/persistence';
import { UserServiceController } from './adapters/grpc/user-service.controller';
import { BuyerLedgersController } from './adapters/http/buyer-ledgers.controller';
import { BuyersController } from './adapters/http/buyers.controller';
import { CheckoutController } from './adapters/http/checkout.controller';
import { CouponsController } from './adapters/http/coupons.controller';
import { FulfilmentsController } from './adapters/http/fulfilments.controller';
import { DiagnosisController } from './adapters/http/diagnosis.controller';
import { OrdersController } from './adapters/http/orders.controller';
import { PaymentsController } from './adapters/http/payments.controller';
import { QuotesController } from './adapters/http/quotes.controller';
import { PromotionsController } from './adapters/http/promotions.controller';
import { ReconciliationsController } from './adapters/http/reconciliations.controller';
import { RefundsController } from './adapters/http/refunds.controller';
import { ShippingRatesController } from './adapters/http/shipping-rates.controller';
import { ReturnsController } from './adapters/http/returns.controller';
import { RiskListsController } from './adapters/http/risk-lists.controller';
import { RiskPoliciesController } from './adapters/http/risk-policies.controller';
import { RiskReportsController } from './adapters/http/risk-reports.controller';
import { RiskReviewsController } from './adapters/http/risk-reviews.controller';
import { SkusController } from './adapters/http/skus.controller';
import { TaxRatesController } from './adapters/http/tax-rates.controller';
import { BalanceGateway } from './adapters/gateways/balance-gateway';
import { StockController } from './adapters/http/stock.controller';
import { ConfiguredGateways } from './adapters/gateways/configured-gateways';
import { SandboxGateway } from './adapters/gateways/sandbox-gateway';
import { BalanceRows } from './adapters/persistence/buyers/balance-rows';
import { BuyerRows } from './adapters/persistence/buyers/buyer-rows';
import { PointRows } from './adapters/persistence/buyers/point-rows';
import { CatalogueRows } from './adapters/persistence/stock/catalogue-rows';
import { UnfinishedBusinessRows } from './adapters/persistence/diagnosis/unfinished-business-rows';
import { CheckoutRows } from './adapters/persistence/checkout/checkout-rows';
import { CreateBuyers1767225600170 } from './adapters/persistence/migrations/create-buyers';
import { CreatePricing1767225600120 } from './adapters/persistence/migrations/pricing';
import { CreatePromotions1767225600110 } from './adapters/persistence/migrations/create-promotions';
import { CreateGoods1767225600150 } from './adapters/persistence/migrations/create-goods';
import { CreateTrading1767225600100 } from './adapters/persistence/migrations/create-trading';
import { CreateStock1767225600130 } from './adapters/persistence/migrations/stock';
import { CreateRisk1767225600160 } from './adapters/persistence/migrations/create-risk';
import { OrderReads } from './adapters/persistence/orders/order-reads';
import { OrderRepository } from './adapters/persistence/orders/order-repository';
import { PaymentCallbackRows } from './adapters/persistence/payments/payment-callback-rows';
import { PaymentOperationRows } from './adapters/persistence/payments/payment-operation-rows';
import { CouponRows } from './adapters/persistence/promotions/coupon-rows';
import { PromotionRows } from './adapters/persistence/promotions/promotion-rows';
import { StockRows } from './adapters/persistence/stock/stock-rows';
import { BalanceLedger } from './domain/buyers/balance-ledger';
import { Buyers } from './domain/buyers/buyers';
import { PointLedger } from './domain/buyers/point-ledger';
import { PriceListRows } from './adapters/persistence/pricing/price-list-rows';
import { PriceStamp } from './adapters/persistence/pricing/price-stamp';
import { QuoteRows } from './adapters/persistence/pricing/quote-rows';
import { ShippingRateRows } from './adapters/persistence/pricing/shipping-rate-rows';
import { TaxRateRows } from './adapters/persistence/pricing/tax-rate-rows';
import { ReturnRows } from './adapters/persistence/returns/return-rows';
import { PastOrderRows } from './adapters/persistence/risk/past-order-rows';
import { PostgresRiskFacts } from './adapters/persistence/risk/risk-fact-rows';
import { StatementRows } from './adapters/persistence/reconciliation/statement-rows';
import { RiskJournalRows } from './adapters/persistence/risk/risk-journal-rows';
import { RiskListRows } from './adapters/persistence/risk/risk-list-rows';
import { RiskPolicyRows } from './adapters/persistence/risk/risk-policy-rows';
import { RiskReportRows } from './adapters/persistence/risk/risk-report-rows';
import { RiskReviewRows } from './adapters/persistence/risk/risk-review-rows';
import { Catalogue } from './domain/stock/catalogue';
import { Stock } from './domain/stock/stock';
import { CheckoutStore } from './domain/checkout/checkout-store';
import { Orders } from './domain/orders/orders';
import { PaymentCallbacks } from './domain/payments/payment-callback';
import { PaymentGateways } from './domain/payments/payment-gateway';
import { PaymentOperations } from './domain/payments/payment-operations';
import { AdjustPointsHandler } from './features/buyers/adjust-points';
import { CreditBalanceHandler } from './features/buyers/credit-balance';
import { KeepPoints } from './features/buyers/keep-points';
import { PriceLists } from './domain/pricing/price-list';
import { Quotes } from './domain/pricing/quote';
import { ShippingRates, TaxRates } from './domain/pricing/rates';
import { Coupons } from './domain/promotions/coupons';
import { Promotions } from './domain/promotions/promotions';
import { Returns } from './domain/returns/return';
import { PastOrders, RiskReports } from './domain/risk/reports';
import { StatementComparison } from './domain/reconciliation/bookings';
import { RiskPolicyKinds } from './domain/risk/risk-kinds';
import { RiskFactRows, RiskJournal, RiskLists, RiskPolicyTable, RiskReviewTable } from './domain/risk/risk-rows';
import { AnswerContacts, AnswerShippingDetails, OrderContacts } from './features/orders/answer-peers';
import { ApplyPaymentCallback } from './features/payments/apply-payment-callback';
import { CancelOrderHandler } from './features/orders/cancel-order';
import { BuyerLimits } from './features/checkout/buyer-limits';
import { CheckOutHandler } from './features/checkout/check-out';
import { MoveStockHandler } from './features/stock/move-stock';
import { ExpiredHolds } from './features/stock/expired-holds';
import { ExpireUnpaidOrders } from './features/stock/expire-unpaid-orders';
import { DiagnoseOrderHandler, UnfinishedBusiness } from './features/diagnosis/diagnose-order';
import { FollowWaybill } from './features/orders/follow-waybill';
import { BuyerActions } from './features/payments/buyer-actions';
import { CallbackReads } from './features/payments/callback-reads';
import { GiveMoneyBack } from './features/payments/give-money-back';
import { ForgetQuotes } from './features/pricing/forget-quotes';
import { PriceBooks } from './features/pricing/price-books';
import { QuoteBasketHandler } from './features/pricing/quote-basket';
import { InstructPaymentHandler } from './features/payments/instruct-payment';
import { PaymentReads } from './features/payments/payment-reads';
import { ReceivePaymentCallbackHandler } from './features/payments/receive-payment-callback';
import { RecordPaymentOutcome } from './features/payments/record-payment-outcome';
import { AddCoupon } from './features/promotions/add-coupon';
import { DryRun } from './features/promotions/dry-run';
import { ReconcileStatement } from './features/reconciliation/reconcile-statement';
import { Refunds } from './features/refunds/refunds';
import { RequestFulfilmentHandler } from './features/fulfilments/request-fulfilment';
import { RequestRefundHandler } from './features/refunds/request-refund';
import { DecideReturnHandler, ReceiveReturnHandler, RequestReturnHandler } from './features/returns/return-goods';
import { ReturnFromGateway } from './features/payments/return-from-gateway';
import { SettlePaymentOperations } from './features/payments/settle-payment-operations';
import { ActivePolicies } from './features/risk/active-policies';
import { Backtest } from './features/risk/backtest';
import { DecideOverdueReviews } from './features/risk/decide-overdue-reviews';
import { DecideReviews } from './features/risk/decide-reviews';
import { ForgetRiskTraces } from './features/risk/forget-risk-traces';
import { RunShadowPolicies } from './features/risk/run-shadow-policies';
import { ScreenCheckouts } from './features/risk/screen-checkouts';
import { TradingSettings } from './features/trading-settings';

export const tradingPersistence: Persistence = {
  entities: [],
  migrations: [
    CreateTrading1767225600100,
    CreatePromotions1767225600110,
    CreatePricing1767225600120,
    CreateStock1767225600130,
    CreateGoods1767225600150,
    CreateRisk1767225600160,
    CreateBuyers1767225600170,
  ],
};

@Module({})
export class TradingModule {
  static register(settings: TradingSettings): DynamicModule {
    return {
      module: TradingModule,
      controllers: [
        DiagnosisController,
        BuyerLedgersController,
        BuyersController,
        CheckoutController,
        CouponsController,
        FulfilmentsController,
        OrdersController,
        PaymentsController,
        ReconciliationsController,
        QuotesController,
        RefundsController,
        RiskListsController,
        RiskPoliciesController,
        RiskReportsController,
        RiskReviewsController,
        ShippingRatesController,
        ReturnsController,
        SkusController,
        StockController,
        TaxRatesController,
        PromotionsController,
        UserServiceController,
      ],
      providers: [
        { provide: TradingSettings, useValue: settings },
        { provide: BalanceLedger, useClass: BalanceRows },
        { provide: Buyers, useClass: BuyerRows },
        { provide: PointLedger, useClass: PointRows },
        { provide: Catalogue, useClass: CatalogueRows },
        StockRows,
        { provide: Stock, useExisting: StockRows },
        { provide: CheckoutStore, useClass: CheckoutRows },
        { provide: Orders, useClass: OrderRepository },
        { provide: Returns, useClass: ReturnRows },
        OrderReads,
        { provide: UnfinishedBusiness, useClass: UnfinishedBusinessRows },
        { provide: OrderContacts, useExisting: OrderReads },
        { provide: PaymentCallbacks, useClass: PaymentCallbackRows },
        { provide: PaymentOperations, useClass: PaymentOperationRows },
        PriceStamp,
        { provide: PriceLists, useClass: PriceListRows },
        { provide: Quotes, useClass: QuoteRows },
        { provide: ShippingRates, useClass: ShippingRateRows },
        { provide: TaxRates, useClass: TaxRateRows },
        { provide: Coupons, useClass: CouponRows },
        { provide: Promotions, useClass: PromotionRows },
        BalanceGateway,
        AdjustPointsHandler,
        { provide: PastOrders, useClass: PastOrderRows },
        { provide: StatementComparison, useClass: StatementRows },
        { provide: RiskFactRows, useClass: PostgresRiskFacts },
        { provide: RiskJournal, useClass: RiskJournalRows },
        { provide: RiskLists, useClass: RiskListRows },
        { provide: RiskPolicyTable, useClass: RiskPolicyRows },
        { provide: RiskReports, useClass: RiskReportRows },
        { provide: RiskReviewTable, useClass: RiskReviewRows },
        RiskPolicyKinds,
        SandboxGateway,
        { provide: PaymentGateways, useClass: ConfiguredGateways },
        ActivePolicies,
        AnswerContacts,
        AnswerShippingDetails,
        ApplyPaymentCallback,
        Backtest,
        BuyerLimits,
        CancelOrderHandler,
        CheckOutHandler,
        CreditBalanceHandler,
        AddCoupon,
        DecideOverdueReviews,
        DecideReviews,
        DryRun,
        ExpiredHolds,
        DiagnoseOrderHandler,
        ExpireUnpaidOrders,
        FollowWaybill,
        ForgetQuotes,
        BuyerActions,
        CallbackReads,
        ForgetRiskTraces,
        GiveMoneyBack,
        KeepPoints,
        PriceBooks,
        QuoteBasketHandler,
        InstructPaymentHandler,
        PaymentReads,
        MoveStockHandler,
        ReceivePaymentCallbackHandler,
        ReconcileStatement,
        DecideReturnHandler,
        ReceiveReturnHandler,
        RecordPaymentOutcome,
        Refunds,
        RequestFulfilmentHandler,
        RequestRefundHandler,
        RequestReturnHandler,
        ReturnFromGateway,
        RunShadowPolicies,
        ScreenCheckouts,
        SettlePaymentOperations,
      ],
    };
  }
}
