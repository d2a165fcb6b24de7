export { tradingGrpc } from './adapters/grpc/services';
export { seedDemoBuyer } from './adapters/persistence/buyers/seed';
export { seedDemoPromotion } from './adapters/persistence/promotions/seed';
export { seedDemoCatalogue } from './adapters/persistence/stock/seed';
export { MOVES as ORDER_MOVES } from './domain/orders/order-lifecycle';
export { TradingSettings } from './features/trading-settings';
export { TradingModule, tradingPersistence } from './trading.module';
