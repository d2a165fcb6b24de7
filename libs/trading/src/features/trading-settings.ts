import type { PointRates } from '../domain/buyers/points';

/** An account at Stripe. Several secrets of webhooks are active during a change. */
export interface StripeSettings {
  url: string;
  secretKey: string;
  webhookSecrets: string[];
}

/** How this installation trades. */
export class TradingSettings {
  /** Units are held for an unpaid order this long, milliseconds. */
  holdMs = 15 * 60_000;
  /**
   * What becomes of money that arrives when the time to pay is over. `rereserve`: while the order is not cancelled its units
   * are held again if they can be had, and it is paid; otherwise the money goes back. `refund`: the money goes back.
   * `manual`: people decide.
   */
  latePayments: 'rereserve' | 'refund' | 'manual' = 'rereserve';
  /** With `rereserve`, an order waits this long for a gateway that does not tell whether it was paid, milliseconds. */
  latePaymentGraceMs = 60_000;
  /** The units of an authorised order are held this long for its captures, milliseconds. */
  holdAuthorizedMs = 7 * 24 * 60 * 60_000;
  /** A quote's prices count this long, milliseconds. */
  quoteMs = 15 * 60_000;
  /** Checkout and refund answer within this time or say that they did not, milliseconds. */
  timeBudgetMs = 500;
  /** Checkouts of one buyer; 0 is no limit. */
  buyerCheckoutsPerMinute = 600;
  /** Requests of one buyer that carry coupon codes; 0 is no limit. */
  buyerCouponsPerMinute = 60;
  /** A payment without news is asked about after this time, milliseconds. */
  askPaymentAfterMs = 60_000;
  /** How often unpaid orders are looked for whose hold ran out, milliseconds. */
  expireEveryMs = 2000;
  /** What a point costs, by currency. */
  pointRates: PointRates = {};
  /** A SKU that says nothing else is low with so many units available, or fewer; 0: nobody is told of low stock. */
  lowStockUnits = 10;
  /** An order that risk policies want a person to look at waits this long, at most a day, milliseconds. */
  reviewMs = 24 * 3_600_000;
  /** What becomes of it then. */
  reviewDefault: 'approved' | 'rejected' = 'rejected';
  /** A change of the risk policies reaches the other processes within this time, milliseconds. */
  riskRefreshMs = 1000;
  /** Evaluations of risk policies are kept this long, milliseconds. */
  riskJournalMs = 90 * 86_400_000;
  /** A backtest of a risk policy ends after this time with what it has seen, milliseconds. */
  backtestMs = 20_000;
  /** The sandbox gateway: where it is and what it signs with. Several secrets are active during a rotation. */
  sandboxGateway = { url: 'http://127.0.0.1:8081', secrets: ['sandbox-gateway-secret'] };

  /** Payments by Stripe; not offered when absent. */
  stripe: StripeSettings | undefined = undefined;

  constructor(overrides: Partial<TradingSettings> = {}) {
    Object.assign(this, overrides);
  }
}
