export { seedDemoCatalogue } from './adapters/persistence/seed';
export { MOVES as ORDER_MOVES } from './domain/order';
export { TradingSettings } from './features/trading-settings';
export { TradingModule, tradingPersistence } from './trading.module';
