import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { combine, type RiskVerdict, type Subject } from '../src/domain/risk/risk-policy';
import { SpendingLog } from '../src/domain/risk/spending-log';
import { BUCKET_MS, bucketOf, firstBucketOf, Spending } from '../src/domain/risk/velocity';
import { subjectOf } from '../src/features/risk/subjects';

const SALT = Buffer.from('a key of the installation');
const MINUTE = 60_000;

describe('verdicts', () => {
  const approve: RiskVerdict = { kind: 'approve' };
  const review: RiskVerdict = { kind: 'review', reason: 'r' };
  const decline: RiskVerdict = { kind: 'decline', reason: 'r' };

  it('decline when any declines, else park when any wants a review', () => {
    expect(combine([])).toBe('approve');
    expect(combine([approve, approve])).toBe('approve');
    expect(combine([approve, review, approve])).toBe('review');
    expect(combine([review, decline, approve])).toBe('decline');
  });

  it('count only when they are final, once any of them is', () => {
    expect(combine([decline, { ...approve, final: true }])).toBe('approve');
    expect(combine([decline, { ...review, final: true }, { ...approve, final: true }])).toBe('review');
  });
});

describe('a subject', () => {
  it('is the same however it is spelled', () => {
    const same = (kind: Parameters<typeof subjectOf>[0], ...values: string[]) =>
      expect(new Set(values.map((value) => subjectOf(kind, value, SALT))).size).toBe(1);
    same('email', 'Wang@Example.com', ' wang@example.com');
    same('address', 'CN 广东省 深圳市 科技园南路 1 号', 'cn，广东省深圳市科技园南路１号');
    same('ip', '203.0.113.7', '::ffff:203.0.113.7');
    same('ip', '2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:0db8:0001:0002:0:0:0:9');
    expect(subjectOf('ip', '2001:db8:1:3::1', SALT)).not.toBe(subjectOf('ip', '2001:db8:1:2::1', SALT));
  });

  it('is a hash under the key of the installation when it is personal', () => {
    expect(subjectOf('ip', '203.0.113.7', SALT)).toMatch(/^ip:[\w-]{27}$/);
    expect(subjectOf('ip', '203.0.113.7', SALT)).not.toBe(subjectOf('ip', '203.0.113.7', Buffer.from('another')));
    expect(subjectOf('sku', 'SKU-1', SALT)).toBe('sku:SKU-1');
  });
});

describe('what was spent', () => {
  const subject: Subject = 'buyer:b';
  const from = Date.parse('2026-01-31T08:30:00Z');
  const orders = fc.array(
    fc.record({
      after: fc.nat(3 * MINUTE),
      amount: fc.nat(1000),
      currency: fc.constantFrom('CNY', 'USD'),
    }),
    { maxLength: 40 },
  );

  it('counts for as long as the window says, and less than a minute more', () => {
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 20 }), (placed, minutes) => {
        const windowMs = minutes * MINUTE;
        const log = new SpendingLog(windowMs);
        const seen: { at: number; amount: number; currency: string }[] = [];
        let now = from;
        for (const { after, amount, currency } of placed) {
          now += after;
          const spent = log.spent(subject, windowMs, new Date(now));
          const within = (ms: number) => seen.filter(({ at }) => at > now - ms);
          expect(spent.orders).toBeGreaterThanOrEqual(within(windowMs).length);
          expect(spent.orders).toBeLessThanOrEqual(within(windowMs + BUCKET_MS).length);
          const sum = (all: typeof seen) =>
            all.filter((one) => one.currency === 'CNY').reduce((total, one) => total + one.amount, 0);
          expect(Number(spent.amountIn('CNY'))).toBeGreaterThanOrEqual(sum(within(windowMs)));
          expect(Number(spent.amountIn('CNY'))).toBeLessThanOrEqual(sum(within(windowMs + BUCKET_MS)));
          log.place(subject, Money.of(amount, currency), new Date(now));
          log.forgetBefore(new Date(now));
          seen.push({ at: now, amount, currency });
        }
      }),
    );
  });

  it('is the same from the counters as order by order', () => {
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 20 }), (placed, minutes) => {
        const windowMs = minutes * MINUTE;
        const log = new SpendingLog(windowMs);
        let at = new Date(from);
        const rows = new Map<string, { bucket: number; currency: string; orders: number; amount: bigint }>();
        for (const { after, amount, currency } of placed) {
          at = new Date(at.getTime() + after);
          log.place(subject, Money.of(amount, currency), at);
          const row = rows.get(`${bucketOf(at)} ${currency}`) ?? {
            bucket: bucketOf(at),
            currency,
            orders: 0,
            amount: 0n,
          };
          rows.set(`${bucketOf(at)} ${currency}`, {
            ...row,
            orders: row.orders + 1,
            amount: row.amount + BigInt(amount),
          });
        }
        const sums = [...rows.values()].filter(({ bucket }) => bucket >= firstBucketOf(at, windowMs));
        const window = { subject, windowMs };
        const spending = new Spending(
          [window],
          sums.map((sum) => ({ ...window, ...sum })),
        );
        const [counted, logged] = [spending.spent(subject, windowMs), log.spent(subject, windowMs, at)];
        expect(counted.orders).toBe(logged.orders);
        for (const currency of ['CNY', 'USD']) expect(counted.amountIn(currency)).toBe(logged.amountIn(currency));
      }),
    );
  });

  it('shows each order of a batch those before it', () => {
    const spending = new Spending([{ subject, windowMs: MINUTE }], []);
    spending.place(subject, Money.of(5, 'CNY'));
    spending.place(subject, Money.of(7, 'CNY'));
    expect(spending.spent(subject, MINUTE).orders).toBe(2);
    expect(spending.without(subject, MINUTE, Money.of(7, 'CNY')).amountIn('CNY')).toBe(5n);
    expect(spending.placed).toEqual([{ subject, currency: 'CNY', orders: 2, amount: 12n }]);
  });
});

describe('policies are replaceable without touching payment code', () => {
  const source = path.join(__dirname, '../src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const isPayment = (file: string) =>
    /(^|\/)(payments|refunds|gateways)\/|payments\.controller|refunds\.controller/.test(file);

  it('because nothing of payments, refunds and gateways imports risk', () => {
    const payments = files.filter(isPayment);
    expect(payments.length).toBeGreaterThan(10);
    const reaching = payments.filter((file) =>
      /from '[^']*\brisk\b/.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(reaching).toEqual([]);
  });
});
