import type { PipeTransform, Type } from '@nestjs/common';
import fc from 'fast-check';
import { CompiledValidation } from '../../shared-kernel/src/http/compiled-validation';
import { fullValidation } from '../../shared-kernel/src/http/validation';
import { CheckoutInput } from '../src/adapters/http/checkout.controller';
import { QuoteInput } from '../src/adapters/http/quotes.controller';
import { ShippingRateInput } from '../src/adapters/http/shipping-rates.controller';
import { TaxRateInput } from '../src/adapters/http/tax-rates.controller';
import { FulfilmentInput } from '../src/adapters/http/fulfilments.controller';
import { CancelInput } from '../src/adapters/http/orders.controller';
import { PromotionChange } from '../src/adapters/http/promotion-inputs';
import { RefundInput } from '../src/adapters/http/refunds.controller';
import { DecisionsInput, ReturnInput } from '../src/adapters/http/returns.controller';
import { SkuInput } from '../src/adapters/http/skus.controller';

const BASKET = {
  lines: [{ sku: 'SKU-1', quantity: 2 }],
  shippingAddress: {
    name: '王小明',
    phone: '+86 138 0000 0000',
    country: 'CN',
    province: '广东省',
    city: '深圳市',
    line1: '科技园南路 1 号',
  },
  buyerId: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
  email: 'wang@example.com',
  paymentMethod: 'sandbox',
  coupons: ['SPRING'],
  locale: 'zh-CN',
};
const RULE = {
  name: 'Spring',
  priority: 3,
  stackingGroup: 'season',
  exclusive: true,
  cap: { amount: 5000, currency: 'CNY' },
  conditions: [
    { kind: 'minimum-amount', amount: { amount: 5, currency: 'CNY' }, categories: ['tea'] },
    { kind: 'contains', skus: ['SKU-1'] },
    { kind: 'first-order' },
  ],
  actions: [
    { kind: 'order-percent', basisPoints: 1000 },
    { kind: 'buy-x-get-y', buy: { quantity: 2 }, get: { quantity: 1, skus: ['SKU-1'] }, basisPoints: 10_000, times: 2 },
  ],
  startsAt: '2026-01-01T00:00:00Z',
  endsAt: '2036-01-01T00:00:00Z',
};
const BODIES: [string, Type, object][] = [
  ['checkout', CheckoutInput, BASKET],
  [
    'refund',
    RefundInput,
    { orderId: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5', amount: { amount: 5, currency: 'CNY' }, reason: 'x' },
  ],
  [
    'quote',
    QuoteInput,
    { lines: BASKET.lines, shippingAddress: BASKET.shippingAddress, country: 'CN', region: 'cn-south' },
  ],
  ['tax rate', TaxRateInput, { name: 'VAT 13 %', ratePpm: 130_000, included: true }],
  [
    'shipping rate',
    ShippingRateInput,
    { price: { amount: 800, currency: 'CNY' }, freeFrom: { amount: 9900, currency: 'CNY' }, isTaxed: true },
  ],
  ['cancel', CancelInput, { reason: 'changed my mind', lines: [{ lineNo: 1, quantity: 1 }] }],
  ['fulfilment', FulfilmentInput, { lines: [{ lineNo: 1, quantity: 1 }], carrier: 'SF' }],
  [
    'return',
    ReturnInput,
    { orderId: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5', lines: [{ lineNo: 1, quantity: 1 }], reason: 'too small' },
  ],
  ['decision', DecisionsInput, { lines: [{ lineNo: 1, quantity: 1, outcome: 'accepted', restock: true }] }],
  ['promotion', PromotionChange, { version: 1, ...RULE }],
  ['SKU', SkuInput, { name: 'Tea', category: 'tea', price: { amount: 990, currency: 'CNY' }, onHand: 5 }],
];

/** What a pipe makes of a body: the instance with its classes, or the refusal. */
async function outcome(pipe: PipeTransform, metatype: Type, body: unknown): Promise<unknown> {
  try {
    const made: unknown = await pipe.transform(structuredClone(body), { type: 'body', metatype, data: undefined });
    return { taken: withClasses(made) };
  } catch (error) {
    return { refused: (error as { members?: unknown }).members };
  }
}

function withClasses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withClasses);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [value.constructor.name, members.map(([name, member]) => [name, withClasses(member)])];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The body with one thing changed anywhere inside: replaced, removed or added. */
function changed(body: object): fc.Arbitrary<unknown> {
  const places: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    places.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) walk((value as Record<string, unknown>)[key], [...path, key]);
  };
  walk(body, []);
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('', ' ', '0', 'CN', 'zz', -1, 0, 1, 1.5, 1e9, null, true, [], {}, [null], [[]], 'x'.repeat(300)),
    fc.constantFrom(BASKET.lines, BASKET.shippingAddress, { amount: 1, currency: 'XXX' }, [
      { sku: 'SKU-1', quantity: 0 },
    ]),
  );
  return fc
    .tuple(
      fc.constantFrom(...places),
      fc.constantFrom('replace', 'remove', 'add'),
      part,
      fc.constantFrom('extra', 'sku', 'constructor', 'toString'),
    )
    .map(([path, how, value, name]) => {
      const copy = { body: structuredClone(body) as unknown };
      const full = ['body', ...path];
      const last = full.pop() as string;
      let at = copy as Record<string, unknown>;
      for (const key of full) at = at[key] as Record<string, unknown>;
      if (how === 'replace') at[last] = value;
      else if (how === 'remove' && Array.isArray(at)) at.splice(Number(last), 1);
      else if (how === 'remove') delete at[last];
      else if (isObject(at[last])) at[last][name] = value;
      return copy.body;
    });
}

describe.each(BODIES)('the body of a %s', (_name, metatype, body) => {
  const refuse: PipeTransform = {
    transform: () => {
      throw new Error('was not compiled');
    },
  };

  it('is read by compiled rules when it is as it should be', async () => {
    expect(await outcome(new CompiledValidation(refuse), metatype, body)).toHaveProperty('taken');
  });

  it('is taken, and refused, exactly as class-validator would', async () => {
    const full = fullValidation();
    const compiled = new CompiledValidation(full);
    expect(await outcome(compiled, metatype, body)).toEqual(await outcome(full, metatype, body));
    await fc.assert(
      fc.asyncProperty(changed(body), async (given) => {
        expect(await outcome(compiled, metatype, given)).toEqual(await outcome(full, metatype, given));
      }),
      { numRuns: 400 },
    );
  });
});
