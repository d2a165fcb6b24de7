import { type DynamicModule, Module } from '@nestjs/common';
import path from 'node:path';
import { LOGISTICS_DEFAULTS, LogisticsModule, logisticsPersistence } from '@tradewind/logistics';
import { NOTIFICATION_DEFAULTS, NotificationModule, notificationPersistence } from '@tradewind/notification';
import { HttpModule, httpPersistence } from '@tradewind/shared-kernel/http';
import { MessagingModule, MessagingOptions, messagingPersistence } from '@tradewind/shared-kernel/messaging';
import { DatabaseModule, type DatabaseSettings, type Persistence } from '@tradewind/shared-kernel/persistence';
import { TradingModule, tradingPersistence, TradingSettings } from '@tradewind/trading';
import { ErrorsController } from './http/errors.controller';
import { HealthController } from './http/health.controller';
import { HomeController } from './http/home.controller';
import { MetricsController } from './http/metrics.controller';
import { OperationsController } from './http/operations.controller';
import { Readiness } from './http/readiness';
import { isLoopback, type Settings } from './start/settings';

/** Every schema of the database, in the order of its migrations. */
export const persistence: Persistence[] = [
  messagingPersistence,
  httpPersistence,
  tradingPersistence,
  logisticsPersistence,
  notificationPersistence,
];

export const databaseSettings = (settings: Settings, url: string): DatabaseSettings => ({
  url,
  poolSize: settings.poolSize,
});

/** The composition root: the only place that names all three contexts. */
@Module({})
export class PlatformModule {
  static register(settings: Settings, databaseUrl: string): DynamicModule {
    const database = databaseSettings(settings, databaseUrl);
    const sandboxUrl = settings.sandboxUrl ?? `http://${settings.host}:${settings.sandboxPort}`;
    const carrierUrl = settings.carrierUrl ?? sandboxUrl;
    return {
      module: PlatformModule,
      imports: [
        DatabaseModule.register(database, persistence),
        MessagingModule.register(new MessagingOptions(database, { workers: settings.eventWorkers })),
        HttpModule,
        TradingModule.register(
          new TradingSettings({
            holdMs: settings.holdSeconds * 1000,
            quoteMs: settings.quoteSeconds * 1000,
            lowStockUnits: settings.lowStockUnits,
            timeBudgetMs: settings.timeBudgetMs,
            buyerCheckoutsPerMinute: settings.buyerCheckoutsPerMinute,
            buyerCouponsPerMinute: settings.buyerCouponsPerMinute,
            latePayments: settings.latePayments as 'rereserve' | 'refund' | 'manual',
            latePaymentGraceMs: settings.latePaymentGraceSeconds * 1000,
            holdAuthorizedMs: settings.authorizedHoldSeconds * 1000,
            askPaymentAfterMs: settings.askPaymentSeconds * 1000,
            pointRates: settings.pointRates ?? {},
            stripe: settings.stripeSecretKey
              ? {
                  url: settings.stripeUrl,
                  secretKey: settings.stripeSecretKey,
                  webhookSecrets: settings.stripeWebhookSecrets,
                }
              : undefined,
            reviewMs: settings.reviewSeconds * 1000,
            reviewDefault: settings.reviewDefault === 'approve' ? 'approved' : 'rejected',
            riskJournalMs: settings.riskJournalDays * 86_400_000,
            sandboxGateway: { url: sandboxUrl, secrets: settings.gatewaySecrets },
          }),
        ),
        LogisticsModule.register({
          ...LOGISTICS_DEFAULTS,
          carriers: {
            SF: { baseUrl: carrierUrl, callbackSecret: settings.sfSecret },
            ZTO: { baseUrl: carrierUrl, callbackKey: settings.ztoKey },
          },
          defaultCarrier: settings.defaultCarrier as 'SF' | 'ZTO',
          allowUnsignedCallbacks: settings.unsignedCallbacks
            ? settings.unsignedCallbacks === 'accept'
            : settings.sandbox === 'on' && carrierUrl === sandboxUrl && isLoopback(settings.host),
          poll: { ...LOGISTICS_DEFAULTS.poll, firstMs: settings.pollFirstSeconds * 1000 },
        }),
        NotificationModule.register({
          ...NOTIFICATION_DEFAULTS,
          smtpUrl: settings.smtpUrl,
          from: settings.mailFrom,
          mailboxDir: path.resolve(settings.dataDir, 'mailbox'),
        }),
      ],
      controllers: [ErrorsController, HealthController, HomeController, MetricsController, OperationsController],
      providers: [Readiness],
    };
  }
}
