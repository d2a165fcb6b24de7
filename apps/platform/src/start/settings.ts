import { CRASH_POINTS } from '@tradewind/shared-kernel';
import { amountsByCurrency, integer, list, oneOf, text, url } from './setting-readers';
import { trustedProxy } from './trusted-proxy';

export interface Setting<T> {
  /** Environment variable; it wins over the YAML file, which uses the key. */
  env: string;
  fallback: T;
  /** Returns the value or throws an Error that says what is expected. */
  read: (text: string) => T;
  about: string;
  secret?: boolean;
}

const MOST_PER_MINUTE = 1_000_000;
const setting = <T>(value: Setting<T>) => value;

/** Every setting there is; `docs/generated/configuration.md` is generated from it. */
export const SETTINGS = {
  host: setting({ env: 'HOST', fallback: '127.0.0.1', read: text, about: 'Address that the platform listens on.' }),
  port: setting({ env: 'PORT', fallback: 8080, read: integer(1, 65_535), about: 'Port of the platform.' }),
  grpcPort: setting<number | undefined>({
    env: 'GRPC_PORT',
    fallback: undefined,
    read: integer(0, 65_535),
    about:
      'Port of gRPC, on the same address; 0 for none. When absent 50051, or a free one where another process has that.',
  }),
  databaseUrl: setting<string | undefined>({
    env: 'DATABASE_URL',
    fallback: undefined,
    read: url('postgres:', 'postgresql:'),
    about: 'PostgreSQL to use; without it an embedded one runs in the data folder.',
    secret: true,
  }),
  dataDir: setting({
    env: 'TRADEWIND_DATA_DIR',
    fallback: '.data',
    read: text,
    about: 'Folder of the embedded PostgreSQL, the dev mailbox and the sandbox.',
  }),
  seed: setting({
    env: 'TRADEWIND_SEED',
    fallback: 'demo',
    read: oneOf('demo', 'none'),
    about: 'What an empty catalogue starts with.',
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    fallback: 'info',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    about: 'Least severe log line that is written.',
  }),
  poolSize: setting({
    env: 'DATABASE_POOL_SIZE',
    fallback: 20,
    read: integer(4, 500),
    about: 'Database connections of one process.',
  }),
  eventWorkers: setting({
    env: 'EVENT_WORKERS',
    fallback: 4,
    read: integer(1, 64),
    about: 'Lanes of the event log that one process works on at a time.',
  }),
  holdSeconds: setting({
    env: 'HOLD_SECONDS',
    fallback: 900,
    read: integer(1, 86_400),
    about: 'How long units are held for an unpaid order.',
  }),
  quoteSeconds: setting({
    env: 'QUOTE_SECONDS',
    fallback: 900,
    read: integer(1, 86_400),
    about: 'How long the prices of a quote count.',
  }),
  latePayments: setting({
    env: 'LATE_PAYMENTS',
    fallback: 'rereserve',
    read: oneOf('rereserve', 'refund', 'manual'),
    about:
      'Money that arrives when the time to pay is over: the units are held again if they can be had, and otherwise it goes back; it goes back in any case; or people decide.',
  }),
  latePaymentGraceSeconds: setting({
    env: 'LATE_PAYMENT_GRACE_SECONDS',
    fallback: 60,
    read: integer(0, 86_400),
    about: 'With rereserve, how long an expired order waits for a gateway that does not tell whether it was paid.',
  }),
  authorizedHoldSeconds: setting({
    env: 'AUTHORIZED_HOLD_SECONDS',
    fallback: 604_800,
    read: integer(1, 2_592_000),
    about: 'How long the units of an authorised order are held for its captures.',
  }),
  lowStockUnits: setting({
    env: 'LOW_STOCK_UNITS',
    fallback: 10,
    read: integer(0, 1e9),
    about: 'Units of a SKU that are few.',
  }),
  timeBudgetMs: setting({
    env: 'TIME_BUDGET_MS',
    fallback: 500,
    read: integer(50, 60_000),
    about: 'Time within which checkout and refund answer.',
  }),
  trustedProxies: setting<string[] | undefined>({
    env: 'TRUSTED_PROXIES',
    fallback: undefined,
    read: (value: string) => list(value).map(trustedProxy),
    about: 'Whose X-Forwarded-For is believed: addresses and networks, comma separated.',
  }),
  addressRequestsPerMinute: setting({
    env: 'ADDRESS_REQUESTS_PER_MINUTE',
    fallback: 0,
    read: integer(0, MOST_PER_MINUTE),
    about: 'Requests of one address (IPv6: one /64) a minute; 0 is no limit.',
  }),
  keyRequestsPerMinute: setting({
    env: 'KEY_REQUESTS_PER_MINUTE',
    fallback: 0,
    read: integer(0, MOST_PER_MINUTE),
    about: 'Requests with one X-Api-Key a minute; 0 is no limit.',
  }),
  buyerCheckoutsPerMinute: setting({
    env: 'BUYER_CHECKOUTS_PER_MINUTE',
    fallback: 600,
    read: integer(0, MOST_PER_MINUTE),
    about: 'Checkouts of one buyer a minute; 0 is no limit.',
  }),
  buyerCouponsPerMinute: setting({
    env: 'BUYER_COUPON_ATTEMPTS_PER_MINUTE',
    fallback: 60,
    read: integer(0, MOST_PER_MINUTE),
    about: 'Requests of one buyer a minute that carry coupon codes, known or not; 0 is no limit.',
  }),
  askPaymentSeconds: setting({
    env: 'ASK_PAYMENT_SECONDS',
    fallback: 60,
    read: integer(1, 86_400),
    about: 'A payment without news is asked about after this time.',
  }),
  pointRates: setting<Record<string, number> | undefined>({
    env: 'POINT_RATES',
    fallback: undefined,
    read: amountsByCurrency,
    about:
      'Minor units of money that earn one point, by currency, as `CNY=100,JPY=0`; 0 earns none. Currencies that are not named earn a point for each whole unit.',
  }),
  reviewSeconds: setting({
    env: 'RISK_REVIEW_SECONDS',
    fallback: 86_400,
    read: integer(1, 86_400),
    about: 'How long an order waits for a risk reviewer before the default decides.',
  }),
  reviewDefault: setting<'approve' | 'reject'>({
    env: 'RISK_REVIEW_DEFAULT',
    fallback: 'reject',
    read: oneOf('approve', 'reject'),
    about: 'What becomes of an order that no risk reviewer has looked at in time.',
  }),
  riskJournalDays: setting({
    env: 'RISK_JOURNAL_DAYS',
    fallback: 90,
    read: integer(1, 3650),
    about: 'How long evaluations of risk policies are kept.',
  }),
  smtpUrl: setting<string | undefined>({
    env: 'SMTP_URL',
    fallback: undefined,
    read: url('smtp:', 'smtps:'),
    about: 'Mail server; without it messages go to the dev mailbox.',
    secret: true,
  }),
  mailFrom: setting({
    env: 'MAIL_FROM',
    fallback: 'Tradewind <no-reply@tradewind.example>',
    read: text,
    about: 'Sender of messages.',
  }),
  sandbox: setting({
    env: 'SANDBOX',
    fallback: 'on',
    read: oneOf('on', 'off'),
    about: 'Whether the sandbox runs beside the platform.',
  }),
  sandboxPort: setting({
    env: 'SANDBOX_PORT',
    fallback: 8081,
    read: integer(1, 65_535),
    about: 'Port of the sandbox.',
  }),
  sandboxUrl: setting<string | undefined>({
    env: 'SANDBOX_URL',
    fallback: undefined,
    read: url('http:', 'https:'),
    about: 'Where the sandbox is, when it runs elsewhere.',
  }),
  gatewaySecrets: setting({
    env: 'SANDBOX_GATEWAY_SECRET',
    fallback: ['sandbox-gateway-secret'],
    read: list,
    about: 'Secrets of the sandbox gateway, comma separated; the first signs, all verify.',
    secret: true,
  }),
  stripeSecretKey: setting<string | undefined>({
    env: 'STRIPE_SECRET_KEY',
    fallback: undefined,
    read: text,
    about: 'Key of a Stripe account; without it the payment method `stripe` is not offered.',
    secret: true,
  }),
  stripeWebhookSecrets: setting<string[]>({
    env: 'STRIPE_WEBHOOK_SECRETS',
    fallback: [],
    read: list,
    about: "Signing secrets of Stripe's webhooks, comma separated; all verify.",
    secret: true,
  }),
  stripeUrl: setting({
    env: 'STRIPE_URL',
    fallback: 'https://api.stripe.com',
    read: url('http:', 'https:'),
    about: "Where Stripe's API is.",
  }),
  carrierUrl: setting<string | undefined>({
    env: 'CARRIER_URL',
    fallback: undefined,
    read: url('http:', 'https:'),
    about: 'Where carriers are called; the sandbox when absent.',
  }),
  sfSecret: setting({
    env: 'SANDBOX_SF_SECRET',
    fallback: 'sandbox-sf-secret',
    read: text,
    about: "Secret in the path of SF's callbacks.",
    secret: true,
  }),
  ztoKey: setting({
    env: 'SANDBOX_ZTO_KEY',
    fallback: 'sandbox-zto-key',
    read: text,
    about: "Key of the digest in ZTO's callbacks.",
    secret: true,
  }),
  defaultCarrier: setting({
    env: 'DEFAULT_CARRIER',
    fallback: 'SF',
    read: oneOf('SF', 'ZTO'),
    about: 'Carrier of orders that name none.',
  }),
  unsignedCallbacks: setting<'accept' | 'refuse' | undefined>({
    env: 'CARRIER_UNSIGNED_CALLBACKS',
    fallback: undefined,
    read: oneOf('accept', 'refuse'),
    about:
      'Carrier callbacks without a secret; accepted by default only while the carriers are the sandbox beside a platform on loopback.',
  }),
  pollFirstSeconds: setting({
    env: 'CARRIER_POLL_SECONDS',
    fallback: 600,
    read: integer(1, 86_400),
    about: 'First wait before a carrier is asked about a waybill; it doubles up to six hours.',
  }),
  crashPoint: setting<string | undefined>({
    env: 'CRASH_POINT',
    fallback: undefined,
    read: (value) => {
      const [, point = ''] = /^([a-z.-]+)(?::[1-9]\d{0,6})?$/.exec(value) ?? [];
      if (!(CRASH_POINTS as readonly string[]).includes(point)) {
        throw new Error(`one of ${CRASH_POINTS.join(', ')}, with :n for the n-th time that it is reached`);
      }
      return value;
    },
    about: 'For experiments: where the process kills itself, as `effect.before-call:3`.',
  }),
};

export type Settings = { [Key in keyof typeof SETTINGS]: (typeof SETTINGS)[Key]['fallback'] };

/** Only programs on this machine reach what listens there. */
export const isLoopback = (host: string): boolean => ['127.0.0.1', '::1', 'localhost'].includes(host);
