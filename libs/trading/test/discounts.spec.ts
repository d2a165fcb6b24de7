import { type Id, idOf } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import type { Basket, DiscountContext } from '../src/domain/promotions/discounts';
import type { Action, Condition, Promotion, Selection } from '../src/domain/promotions/promotion';
import { NOW } from './orders';
import {
  aBasket,
  aContext,
  aPromotion,
  cny,
  discount,
  offLines,
  promotionId,
  withActions,
  withConditions,
} from './promotions';

const json = (amount: number, currency = 'CNY') => ({ amount, currency });
const buyerId: Id<'buy'> = idOf('buy', '00000000-0000-7000-8000-0000000000b1');
const aBuyer = (level = 1, isFirstOrder = false) => ({ id: buyerId, level, isFirstOrder });
const why = (basket: Basket, promotion: Promotion, context: Partial<DiscountContext> = {}) =>
  discount(basket, [promotion], context).explanation[0]?.reasons.map(({ code }) => code);

const TEA_AND_CUP = aBasket([
  ['TEA', 3, 100, 'drinks'],
  ['CUP', 1, 250],
]);

describe('an action', () => {
  it('takes a percentage off the order, shared by the largest remainder', () => {
    const basket = aBasket([
      ['A', 1, 333],
      ['B', 1, 333],
      ['C', 1, 334],
    ]);
    expect(offLines(discount(basket, [withActions({ kind: 'order-percent', basisPoints: 1000 })]))).toEqual([
      33, 33, 34,
    ]);
  });

  it('takes a fixed amount off the order, and no more than there is', () => {
    const fixed = (amount: number) => withActions({ kind: 'order-fixed', amount: json(amount) });
    expect(offLines(discount(TEA_AND_CUP, [fixed(55)]))).toEqual([30, 25]);
    expect(offLines(discount(TEA_AND_CUP, [fixed(9999)]))).toEqual([300, 250]);
  });

  it('takes a percentage off each line that it names by SKU or by category, rounded half up', () => {
    const basket = aBasket([
      ['TEA', 1, 5, 'drinks'],
      ['MILK', 1, 15, 'drinks'],
      ['CUP', 1, 15],
    ]);
    const off = (selection: Selection) => withActions({ kind: 'line-percent', basisPoints: 1000, ...selection });
    expect(offLines(discount(basket, [off({ categories: ['drinks'] })]))).toEqual([1, 2, 0]);
    expect(offLines(discount(basket, [off({ skus: ['CUP'], categories: ['drinks'] })]))).toEqual([1, 2, 2]);
    expect(offLines(discount(basket, [off({})]))).toEqual([1, 2, 2]);
  });

  it('takes a fixed amount off each unit of a line', () => {
    const off = withActions({ kind: 'line-fixed', amount: json(30), skus: ['TEA'] });
    expect(offLines(discount(TEA_AND_CUP, [off]))).toEqual([90, 0]);
  });

  it('frees of shipping', () => {
    const discounts = discount(aBasket([['TEA', 1, 100]], 1200), [withActions({ kind: 'free-shipping' })]);
    expect(discounts.shipping).toEqual(cny(1200));
    expect(discounts.adjustments).toMatchObject([{ shipping: cny(1200), amount: cny(1200), lines: [] }]);
  });

  it('gives units as a present', () => {
    const discounts = discount(TEA_AND_CUP, [withActions({ kind: 'gift', sku: 'SPOON', quantity: 2 })]);
    expect(discounts.gifts).toEqual([{ promotionId: promotionId(), sku: 'SPOON', quantity: 2 }]);
    expect(discounts.explanation[0]?.reasons[0]?.text).toBe('gives 2 × SPOON');
  });

  it('gives no unit that is not there beside what is bought and given already', () => {
    const gift = (n: number, sku: string, quantity: number) =>
      aPromotion({ id: promotionId(n), actions: [{ kind: 'gift', sku, quantity }] });
    const { gifts, explanation } = discount(TEA_AND_CUP, [gift(1, 'TEA', 7), gift(2, 'TEA', 1), gift(3, 'CUP', 9)]);
    expect(gifts.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['TEA', 7],
      ['CUP', 9],
    ]);
    expect(explanation.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([
      ['applied'],
      ['gift-not-available'],
      ['applied'],
    ]);
  });

  it('takes its discount also where its gift is not there, and says so', () => {
    const both = withActions({ kind: 'order-fixed', amount: json(10) }, { kind: 'gift', sku: 'SPOON', quantity: 1 });
    const { adjustments, gifts, explanation } = discount(TEA_AND_CUP, [both], { available: () => 0n });
    expect([adjustments[0]?.amount, gifts]).toEqual([cny(10), []]);
    expect(explanation[0]?.reasons.map(({ code }) => code)).toEqual(['applied', 'gift-not-available']);
  });

  it('buy two get one: the cheapest of every three is free', () => {
    const rule = withActions({ kind: 'buy-x-get-y', buy: { quantity: 2 }, get: { quantity: 1 }, basisPoints: 10_000 });
    expect(offLines(discount(aBasket([['A', 2, 100]]), [rule]))).toEqual([0]);
    const seven = aBasket([
      ['A', 4, 100],
      ['B', 3, 70],
    ]);
    expect(offLines(discount(seven, [rule]))).toEqual([0, 140]);
  });

  it('buy one get another cheaper: no unit counts on both sides', () => {
    const deal = (times?: number) =>
      withActions({
        kind: 'buy-x-get-y',
        buy: { quantity: 2, categories: ['drinks'] },
        get: { quantity: 1, skus: ['CUP', 'TEA'] },
        basisPoints: 5000,
        times,
      });
    expect(offLines(discount(TEA_AND_CUP, [deal()]))).toEqual([50, 0]);
    const more = aBasket([
      ['TEA', 4, 100, 'drinks'],
      ['CUP', 2, 50],
    ]);
    expect(offLines(discount(more, [deal()]))).toEqual([0, 50]);
    expect(offLines(discount(more, [deal(1)]))).toEqual([0, 25]);
  });
});

describe('a condition', () => {
  it('of an amount counts what was selected, before any discount', () => {
    const least = (amount: number, selection: Selection = {}) =>
      withConditions({ kind: 'minimum-amount', amount: json(amount), ...selection });
    expect(why(TEA_AND_CUP, least(550))).toEqual(['applied']);
    expect(why(TEA_AND_CUP, least(551))).toEqual(['minimum-amount-not-reached']);
    expect(why(TEA_AND_CUP, least(301, { categories: ['drinks'] }))).toEqual(['minimum-amount-not-reached']);
    const [, second] = discount(TEA_AND_CUP, [
      aPromotion({ actions: [{ kind: 'order-fixed', amount: json(100) }], priority: 9 }),
      { ...least(550), id: promotionId(2) },
    ]).explanation;
    expect(second?.applied).toBe(true);
  });

  it('of a quantity counts the units of the lines that it names', () => {
    const least = (quantity: number) => withConditions({ kind: 'minimum-quantity', quantity, skus: ['TEA'] });
    expect(why(TEA_AND_CUP, least(3))).toEqual(['applied']);
    expect(why(TEA_AND_CUP, least(4))).toEqual(['minimum-quantity-not-reached']);
  });

  it('of goods needs one line of them', () => {
    expect(why(TEA_AND_CUP, withConditions({ kind: 'contains', skus: ['POT', 'CUP'] }))).toEqual(['applied']);
    expect(why(TEA_AND_CUP, withConditions({ kind: 'contains', categories: ['pots'] }))).toEqual([
      'goods-not-in-basket',
    ]);
  });

  it('of a level or of a first order needs a known buyer', () => {
    const level = withConditions({ kind: 'buyer-level', level: 3 });
    expect(why(TEA_AND_CUP, level)).toEqual(['buyer-unknown']);
    expect(why(TEA_AND_CUP, level, { buyer: aBuyer(2) })).toEqual(['buyer-level-too-low']);
    expect(why(TEA_AND_CUP, level, { buyer: aBuyer(3) })).toEqual(['applied']);
    const first = withConditions({ kind: 'first-order' });
    expect(why(TEA_AND_CUP, first)).toEqual(['buyer-unknown']);
    expect(why(TEA_AND_CUP, first, { buyer: aBuyer(1, false) })).toEqual(['not-first-order']);
    expect(why(TEA_AND_CUP, first, { buyer: aBuyer(1, true) })).toEqual(['applied']);
  });

  it('of a channel or a region needs to know it', () => {
    const app = withConditions({ kind: 'channel', channels: ['app'] });
    expect(why(TEA_AND_CUP, app)).toEqual(['other-channel']);
    expect(why(TEA_AND_CUP, app, { channel: 'app' })).toEqual(['applied']);
    const south = withConditions({ kind: 'region', regions: ['cn-south'] });
    expect(why(TEA_AND_CUP, south, { region: 'cn-north' })).toEqual(['other-region']);
    expect(why(TEA_AND_CUP, south, { region: 'cn-south' })).toEqual(['applied']);
  });

  it('of dates counts from the first moment until just before the last', () => {
    const before = new Date(NOW.getTime() - 1);
    const after = new Date(NOW.getTime() + 1);
    expect(why(TEA_AND_CUP, aPromotion({ startsAt: NOW, endsAt: after }))).toEqual(['applied']);
    expect(why(TEA_AND_CUP, aPromotion({ startsAt: after }))).toEqual(['not-started']);
    expect(why(TEA_AND_CUP, aPromotion({ startsAt: before, endsAt: NOW }))).toEqual(['ended']);
    expect(why(TEA_AND_CUP, aPromotion({ stoppedAt: before }))).toEqual(['stopped']);
  });

  it('is told of once for each that does not hold', () => {
    const rule = withConditions({ kind: 'minimum-quantity', quantity: 99 }, { kind: 'first-order' });
    expect(why(TEA_AND_CUP, { ...rule, stoppedAt: NOW })).toEqual([
      'stopped',
      'minimum-quantity-not-reached',
      'buyer-unknown',
    ]);
  });

  it('is not looked at where a coupon is missing', () => {
    const rule = withConditions({ kind: 'minimum-quantity', quantity: 99 }, { kind: 'coupon' });
    expect(why(TEA_AND_CUP, rule)).toEqual(['coupon-missing']);
  });
});

describe('a promotion', () => {
  it('for another currency does not apply', () => {
    expect(why(TEA_AND_CUP, aPromotion({ cap: json(5, 'USD') }))).toEqual(['other-currency']);
    expect(why(TEA_AND_CUP, withConditions({ kind: 'minimum-amount', amount: json(0, 'USD') }))).toEqual([
      'other-currency',
    ]);
  });

  it('acts on what those of higher priority have left', () => {
    const tenPercent = aPromotion({ priority: 1 });
    const fifty = aPromotion({ id: promotionId(2), actions: [{ kind: 'order-fixed', amount: json(50) }], priority: 2 });
    expect(offLines(discount(aBasket([['A', 1, 150]]), [tenPercent, fifty]))).toEqual([60]);
    expect(offLines(discount(aBasket([['A', 1, 150]]), [{ ...tenPercent, priority: 3 }, fifty]))).toEqual([65]);
  });

  it('takes no more than its cap, each part in proportion', () => {
    const rule = aPromotion({
      cap: json(100),
      actions: [{ kind: 'order-percent', basisPoints: 10_000 }, { kind: 'free-shipping' }],
    });
    const discounts = discount(aBasket([['A', 1, 300]], 100), [rule]);
    expect(offLines(discounts)).toEqual([75]);
    expect(discounts.shipping).toEqual(cny(25));
    expect(discounts.explanation[0]?.reasons.map(({ code }) => code)).toEqual(['applied', 'capped']);
  });

  it('shuts out the others of its stacking group once it has applied', () => {
    const rule = (n: number, changes: Partial<Promotion> = {}) =>
      aPromotion({ id: promotionId(n), stackingGroup: 'sale', ...changes });
    const reasons = (rules: Promotion[]) =>
      discount(TEA_AND_CUP, rules).explanation.map((entry) => entry.reasons.map(({ code }) => code).join());
    expect(reasons([rule(1), rule(2)])).toEqual(['applied', 'stacking-group-taken']);
    expect(reasons([rule(1, { stoppedAt: NOW }), rule(2)])).toEqual(['stopped', 'applied']);
    expect(reasons([rule(1), rule(2, { stackingGroup: 'other' })])).toEqual(['applied', 'applied']);
    expect(reasons([rule(1, { actions: [{ kind: 'free-shipping' }] }), rule(2)])).toEqual([
      'nothing-to-discount',
      'applied',
    ]);
  });

  it('that is exclusive stands alone, or not at all', () => {
    const reasons = (priority: number) =>
      discount(TEA_AND_CUP, [
        aPromotion({ exclusive: true, priority }),
        aPromotion({ id: promotionId(2) }),
      ]).explanation.map((entry) => entry.reasons.map(({ code }) => code).join());
    expect(reasons(1)).toEqual(['applied', 'exclusive-applied']);
    expect(reasons(-1)).toEqual(['applied', 'others-applied']);
  });
});

describe('a coupon', () => {
  const rule = withConditions({ kind: 'coupon' });
  const coupon = (code: string, id = promotionId()) => ({ code, promotionId: id });

  it('opens its promotion and is used up by it', () => {
    const discounts = discount(TEA_AND_CUP, [rule], { coupons: [coupon('SPRING')] });
    expect(discounts.adjustments).toMatchObject([{ coupon: 'SPRING', amount: cny(55) }]);
    expect(discounts.coupons).toMatchObject([{ code: 'SPRING', used: true }]);
  });

  it('that makes no difference is not used, and told why', () => {
    const outcome = (promotions: Promotion[], ...coupons: ReturnType<typeof coupon>[]) =>
      discount(TEA_AND_CUP, promotions, { coupons }).coupons.map(({ used, reasons }) => [used, reasons[0]?.code]);
    expect(outcome([rule], coupon('A'), coupon('B'))).toEqual([
      [true, 'applied'],
      [false, 'another-coupon-used'],
    ]);
    expect(outcome([], coupon('A'))).toEqual([[false, 'promotion-not-active']]);
    expect(outcome([aPromotion()], coupon('A'))).toEqual([[false, 'coupon-not-needed']]);
    expect(outcome([{ ...rule, stoppedAt: NOW }], coupon('A'))).toEqual([[false, 'stopped']]);
    const shipping = aPromotion({ conditions: rule.conditions, actions: [{ kind: 'free-shipping' }] });
    expect(outcome([shipping], coupon('A'))).toEqual([[false, 'nothing-to-discount']]);
  });
});

describe('whatever the basket and the rules', () => {
  const SKUS = ['A', 'B', 'C', 'D'];
  const CATEGORIES = ['x', 'y'];
  const CURRENCIES = ['CNY', 'CNY', 'CNY', 'USD'];
  const amount = fc.record({ amount: fc.nat(5000), currency: fc.constantFrom(...CURRENCIES) });
  const selection: fc.Arbitrary<Selection> = fc.record(
    {
      skus: fc.subarray(SKUS, { minLength: 1 }),
      categories: fc.subarray(CATEGORIES, { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  const basisPoints = fc.integer({ min: 1, max: 10_000 });
  const some = fc.integer({ min: 1, max: 4 });
  const condition: fc.Arbitrary<Condition> = fc.oneof(
    fc.tuple(amount, selection).map(([least, of]) => ({ kind: 'minimum-amount' as const, amount: least, ...of })),
    fc.tuple(some, selection).map(([quantity, of]) => ({ kind: 'minimum-quantity' as const, quantity, ...of })),
    selection.map((of) => ({ kind: 'contains' as const, ...of })),
    some.map((level) => ({ kind: 'buyer-level' as const, level })),
    fc.constantFrom({ kind: 'first-order' as const }, { kind: 'coupon' as const }),
    fc.constantFrom(
      { kind: 'channel' as const, channels: ['app'] },
      { kind: 'region' as const, regions: ['cn-south', 'cn-north'] },
    ),
  );
  const units = fc.tuple(some, selection).map(([quantity, of]) => ({ quantity, ...of }));
  const action: fc.Arbitrary<Action> = fc.oneof(
    basisPoints.map((points) => ({ kind: 'order-percent' as const, basisPoints: points })),
    amount.map((off) => ({ kind: 'order-fixed' as const, amount: off })),
    fc
      .tuple(basisPoints, selection)
      .map(([points, of]) => ({ kind: 'line-percent' as const, basisPoints: points, ...of })),
    fc.tuple(amount, selection).map(([off, of]) => ({ kind: 'line-fixed' as const, amount: off, ...of })),
    fc.constant({ kind: 'free-shipping' as const }),
    fc.record({
      kind: fc.constant('buy-x-get-y' as const),
      buy: units,
      get: units,
      basisPoints,
      times: fc.option(some, { nil: undefined }),
    }),
    fc.constant({ kind: 'gift' as const, sku: 'GIFT', quantity: 1 }),
  );
  const promotion = fc.record({
    priority: fc.integer({ min: -2, max: 2 }),
    stackingGroup: fc.constantFrom(null, null, 'g', 'h'),
    exclusive: fc.constantFrom(false, false, false, true),
    cap: fc.option(amount, { freq: 1 }),
    conditions: fc.array(condition, { maxLength: 2 }),
    actions: fc.array(action, { minLength: 1, maxLength: 3 }),
  });
  const rules = fc
    .array(promotion, { maxLength: 8 })
    .map((all) =>
      all.map((changes, index) => aPromotion({ ...changes, id: promotionId(index + 1), name: `P${index}` })),
    );
  const basket = fc
    .tuple(
      fc.array(
        fc.tuple(
          fc.constantFrom(...SKUS),
          fc.integer({ min: 1, max: 9 }),
          fc.nat(3000),
          fc.constantFrom('x', 'y', undefined),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      fc.nat(2000),
    )
    .map(([lines, shipping]) => aBasket(lines, shipping));
  const context = fc
    .record({
      buyer: fc.option(fc.tuple(some, fc.boolean()).map(([level, first]) => aBuyer(level, first))),
      coupons: fc
        .uniqueArray(fc.integer({ min: 1, max: 10 }), { maxLength: 5 })
        .map((all) => all.map((n) => ({ code: `C${n}`, promotionId: promotionId(Math.ceil(n / 2)) }))),
      channel: fc.constantFrom(null, 'app', 'web'),
      region: fc.constantFrom(null, 'cn-south'),
      available: fc.constantFrom(
        () => 0n,
        () => 20n,
      ),
    })
    .map((changes) => aContext(changes));
  const input = fc.tuple(basket, rules, context);
  const sum = (amounts: { amount: bigint }[]) => amounts.reduce((all, { amount: part }) => all + part, 0n);

  it('no line and no shipping falls below nothing, and the parts sum to the whole', () => {
    fc.assert(
      fc.property(input, ([given, all, around]) => {
        const { lines, shipping, adjustments } = discount(given, all, around);
        expect(lines.map(({ lineNo }) => lineNo)).toEqual(given.lines.map(({ lineNo }) => lineNo));
        given.lines.forEach((line, index) => {
          const off = lines[index]?.discount.amount ?? -1n;
          expect(off >= 0n && off <= line.unitPrice.amount * BigInt(line.quantity)).toBe(true);
          const parts = adjustments.flatMap((one) => one.lines.filter(({ lineNo }) => lineNo === line.lineNo));
          expect(sum(parts.map((part) => part.amount))).toBe(off);
        });
        expect(shipping.amount >= 0n && shipping.amount <= given.shipping.amount).toBe(true);
        expect(sum(adjustments.map((one) => one.shipping))).toBe(shipping.amount);
        for (const one of adjustments) {
          expect(sum(one.lines.map((part) => part.amount)) + one.shipping.amount).toBe(one.amount.amount);
        }
        expect(sum(adjustments.map((one) => one.amount))).toBe(
          sum(lines.map((line) => line.discount)) + shipping.amount,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('every promotion is explained once, caps hold, groups have one, and the exclusive one stands alone', () => {
    fc.assert(
      fc.property(input, ([given, all, around]) => {
        const { explanation, adjustments, coupons } = discount(given, all, around);
        expect(explanation.map((entry) => entry.promotionId).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        expect(explanation.every(({ reasons }) => reasons.length > 0)).toBe(true);
        const applied = adjustments.map((one) => all.find(({ id }) => id === one.promotionId) as Promotion);
        expect(explanation.filter((entry) => entry.applied).map((entry) => entry.promotionId)).toEqual(
          applied.map(({ id }) => id),
        );
        adjustments.forEach((one, index) => {
          const cap = applied[index]?.cap;
          expect(!cap || one.amount.amount <= BigInt(cap.amount)).toBe(true);
        });
        const groups = applied.flatMap(({ stackingGroup }) => stackingGroup ?? []);
        expect(new Set(groups).size).toBe(groups.length);
        expect(applied.length <= 1 || !applied.some(({ exclusive }) => exclusive)).toBe(true);
        const used = coupons.filter((one) => one.used).map(({ code }) => code);
        expect(used.toSorted()).toEqual(adjustments.flatMap(({ coupon }) => coupon ?? []).toSorted());
      }),
      { numRuns: 1000 },
    );
  });

  it('the order of the rules makes no difference', () => {
    const shuffled = input.chain(([given, all, around]) =>
      fc.tuple(
        fc.constant(given),
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.constant(around),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([given, all, others, around]) => {
        expect(discount(given, others, around)).toEqual(discount(given, all, around));
      }),
    );
  });
});
