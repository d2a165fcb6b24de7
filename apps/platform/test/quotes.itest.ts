import { randomUUID } from 'node:crypto';
import { aBasket, type Json, type Reply, startSecondProcess, startWorld, type World } from './world';

describe('quotes and prices over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const priced = (sku: string, amount: number, currency = 'CNY', onHand = 100) =>
    world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price: { amount, currency }, onHand });
  const aSku = async (amount = 1000, currency = 'CNY', onHand = 100) => {
    const sku = `TEST-${randomUUID().slice(0, 8)}`;
    expect((await priced(sku, amount, currency, onHand)).status).toBe(201);
    return sku;
  };
  /** A region of its own for each test, so that no rate of another counts. */
  const aRegion = () => `r-${randomUUID().slice(0, 8)}`;
  const taxOf = (region: string, ratePpm: number, included = false) =>
    world.call('PUT', `/v1/tax-rates/${region}`, { name: 'VAT', ratePpm, included });
  const shippingOf = (region: string, currency: string, amount: number, more: object = {}) =>
    world.call('PUT', `/v1/shipping-rates/${region}/${currency}`, { price: { amount, currency }, ...more });

  const quote = (basket: object): Promise<Reply<Json>> =>
    world.call('POST', '/v1/quotes', { country: 'CN', ...basket });
  const order = async (basket: object): Promise<Json> => {
    const { status, body } = await world.checkout(basket);
    expect({ status, code: body.code }).toEqual({ status: 201, code: undefined });
    return body.order;
  };
  const amountsOf = ({ lines, subtotal, discount, shipping, tax, taxIncluded, total }: Json) => ({
    lines: lines.map(({ lineNo, sku, quantity, unitPrice, ...line }: Json) => ({
      ...{ lineNo, sku, quantity, unitPrice },
      ...{ discount: line.discount, tax: line.tax, total: line.total },
    })),
    ...{ subtotal, discount, shipping, tax, taxIncluded, total },
  });
  const expire = (hash: string) =>
    world.unitOfWork.query("UPDATE trading.quote SET expires_at = now() - interval '1 second' WHERE hash = $1", [hash]);

  it.each(['JPY', 'CNY', 'KWD'])(
    'quotes and charges the same in %s, with tax on prices and on shipping',
    async (currency) => {
      const region = aRegion();
      await taxOf(region, 88_750);
      await shippingOf(region, currency, 501, { isTaxed: true });
      const lines = [
        { sku: await aSku(999, currency), quantity: 3 },
        { sku: await aSku(1, currency), quantity: 1 },
      ];
      const { body } = await quote({ lines, region });
      // 8.875 % of 2998 + 501 is 310.54.
      expect(body).toMatchObject({
        subtotal: { amount: 2998, currency },
        shipping: { amount: 501, currency },
        tax: { amount: 311, currency },
        taxIncluded: false,
        total: { amount: 3810, currency },
      });
      const plain = await order({ lines, region });
      const quoted = await order({ lines, region, quoteHash: body.quoteHash });
      expect(amountsOf(plain)).toEqual(amountsOf(body));
      expect(amountsOf(quoted)).toEqual(amountsOf(body));
      expect(await world.order(quoted.id)).toEqual(quoted);

      const paid = await world.aPaidOrder({ lines, region });
      expect(await world.order(paid.order.id)).toMatchObject({ status: 'paid', total: { amount: 3810, currency } });
    },
  );

  it('finds the tax in prices that contain it, and ships for nothing from an amount on', async () => {
    const region = aRegion();
    await taxOf(region, 130_000, true);
    await shippingOf(region, 'CNY', 800, { freeFrom: { amount: 10_000, currency: 'CNY' } });
    const sku = await aSku(1130);
    expect((await quote({ lines: [{ sku, quantity: 1 }], region })).body).toMatchObject({
      shipping: { amount: 800 },
      tax: { amount: 130 },
      taxIncluded: true,
      total: { amount: 1930 },
    });
    expect((await quote({ lines: [{ sku, quantity: 10 }], region })).body).toMatchObject({
      shipping: { amount: 0 },
      tax: { amount: 1300 },
      total: { amount: 11_300 },
    });
  });

  it('takes the rates of the region before those of the country', async () => {
    const region = aRegion();
    await taxOf('NZ', 150_000);
    const basket = { lines: [{ sku: await aSku(100), quantity: 1 }], country: 'NZ', region };
    expect((await quote(basket)).body.tax.amount).toBe(15);
    await taxOf(region.toUpperCase(), 0);
    expect((await quote(basket)).body.tax.amount).toBe(0);
    const address = { ...aBasket().shippingAddress, country: 'NZ' };
    expect(
      (await quote({ ...basket, region: undefined, country: undefined, shippingAddress: address })).body.tax.amount,
    ).toBe(15);
    expect((await quote({ ...basket, region: undefined, country: 'FJ' })).body.tax.amount).toBe(0);
  });

  it('keeps a quoted price until the quote expires, whatever becomes of prices', async () => {
    const region = aRegion();
    const sku = await aSku(1000);
    const basket = { lines: [{ sku, quantity: 2 }], region };
    const { body } = await quote(basket);
    await priced(sku, 1500);
    await taxOf(region, 100_000);
    expect((await order({ ...basket, quoteHash: body.quoteHash })).total.amount).toBe(2000);
    expect((await order(basket)).total.amount).toBe(3300);

    await expire(body.quoteHash);
    const refused = await world.checkout({ ...basket, quoteHash: body.quoteHash });
    expect(refused).toMatchObject({ status: 409, body: { code: 'price-changed', retryable: false } });
    expect(refused.body.quote).toMatchObject({ total: { amount: 3300 }, lines: [{ sku, isAvailable: true }] });
    expect((await order({ ...basket, quoteHash: refused.body.quote.quoteHash })).total.amount).toBe(3300);
  });

  it('charges a quote for no other basket, buyer or destination', async () => {
    const sku = await aSku(1000);
    const basket = { lines: [{ sku, quantity: 1 }] };
    const { body } = await quote(basket);
    const buyerId = 'buy_01h455vb4pex5vsknk084sn02q';
    for (const other of [{ lines: [{ sku, quantity: 2 }] }, { buyerId }, { region: 'elsewhere' }, { channel: 'app' }]) {
      const refused = await world.checkout({ ...basket, ...other, quoteHash: body.quoteHash });
      expect(refused).toMatchObject({ status: 409, body: { code: 'price-changed' } });
      await order({ ...basket, ...other, quoteHash: refused.body.quote.quoteHash });
    }
    await order({ ...basket, quoteHash: body.quoteHash });
  });

  it('refuses a hash that no quote has, and keeps nothing', async () => {
    const sku = await aSku(1000, 'CNY', 1);
    const basket = { lines: [{ sku, quantity: 1 }] };
    const forged = await world.checkout({ ...basket, quoteHash: 'A'.repeat(43) });
    expect(forged).toMatchObject({ status: 422, body: { code: 'unknown-quote', retryable: false } });
    expect((await world.checkout({ ...basket, quoteHash: 'no hash' })).body.code).toBe('invalid-request');
    expect((await world.call('GET', `/v1/skus/${sku}`)).body.reserved).toBe(0);
  });

  it('holds no stock with a quote, and says what is there', async () => {
    const sku = await aSku(1000, 'CNY', 3);
    const basket = {
      lines: [
        { sku, quantity: 2 },
        { sku, quantity: 2 },
      ],
    };
    const { status, body } = await quote(basket);
    expect(status).toBe(201);
    expect(body.lines).toEqual([
      expect.objectContaining({ available: 3, isAvailable: false }),
      expect.objectContaining({ available: 3, isAvailable: false }),
    ]);
    expect((await world.call('GET', `/v1/skus/${sku}`)).body.reserved).toBe(0);
    expect((await world.checkout({ ...basket, quoteHash: body.quoteHash })).body.code).toBe('insufficient-stock');
  });

  it('refuses for a quote what a checkout refuses', async () => {
    const most = 2 ** 53 - 1;
    const line = (sku: string) => ({ lines: [{ sku, quantity: 2 }] });
    const cases: [object, string][] = [
      [line('NO-SUCH'), 'unknown-sku'],
      [{ lines: [...line(await aSku(1)).lines, ...line(await aSku(1, 'JPY')).lines] }, 'mixed-currencies'],
      [line(await aSku(most)), 'amount-too-large'],
      [{ ...line('SKU-1'), coupons: ['FREE'] }, 'unknown-coupon'],
      [{ lines: [] }, 'invalid-request'],
      [{ ...line('SKU-1'), discount: 100 }, 'invalid-request'],
      [{ ...line('SKU-1'), region: 'a b' }, 'invalid-request'],
      [{ ...line('SKU-1'), shippingAddress: { ...aBasket().shippingAddress, country: 'XX' } }, 'invalid-request'],
    ];
    for (const [basket, code] of cases) {
      expect((await quote(basket)).body.code).toBe(code);
      expect((await world.checkout(basket)).body.code).toBe(code);
    }
  });

  const aPromotion = async (rule: object): Promise<string> => {
    const { status, body } = await world.call('POST', '/v1/promotions', { name: 'Test', ...rule });
    expect(status).toBe(201);
    return body.id;
  };
  const stop = (promotionId: string) => world.call('POST', `/v1/promotions/${promotionId}/stop`);
  const aCoupon = async (promotionId: string, limits: object = {}): Promise<string> => {
    const code = `C-${randomUUID().slice(0, 8)}`.toUpperCase();
    expect((await world.call('POST', '/v1/coupons', { code, promotionId, ...limits })).status).toBe(201);
    return code;
  };
  const aBuyer = () => randomUUID();

  it('quotes and charges discounts alike, tells of each promotion, and keeps what was quoted when it is stopped', async () => {
    const sku = await aSku(1000);
    const promotionId = await aPromotion({
      name: 'A tenth off',
      conditions: [{ kind: 'contains', skus: [sku] }],
      actions: [{ kind: 'line-percent', basisPoints: 1000, skus: [sku] }],
    });
    const other = await aPromotion({
      conditions: [{ kind: 'channel', channels: ['app'] }],
      actions: [{ kind: 'free-shipping' }],
    });
    const basket = { lines: [{ sku, quantity: 3 }], region: aRegion() };
    const { body } = await quote(basket);
    expect(body).toMatchObject({ subtotal: { amount: 3000 }, discount: { amount: 300 }, total: { amount: 2700 } });
    expect(body.discounts).toMatchObject([{ promotionId, name: 'A tenth off', amount: { amount: 300 } }]);
    const applied = body.explanation.map((entry: Json) => [entry.promotionId, entry.applied, entry.reasons[0].code]);
    expect(applied).toEqual(
      expect.arrayContaining([
        [promotionId, true, 'applied'],
        [other, false, 'other-channel'],
      ]),
    );
    expect(amountsOf(await order(basket))).toEqual(amountsOf(body));
    await stop(promotionId);
    await stop(other);
    const ofQuote = await order({ ...basket, quoteHash: body.quoteHash });
    expect(ofQuote.total.amount).toBe(2700);
    const taken = { promotionId, version: 1, name: 'A tenth off', coupon: null };
    expect(ofQuote.discounts).toEqual([{ ...taken, amount: { amount: 300, currency: 'CNY' } }]);
    expect((await world.call('GET', `/v1/orders/${ofQuote.id}`)).body.discounts).toEqual(ofQuote.discounts);
    expect(await order(basket)).toMatchObject({ total: { amount: 3000 }, discounts: [] });
  });

  it('counts the coupon of an order, not that of a quote, and gives it back with a cancel', async () => {
    const sku = await aSku(1000);
    const promotionId = await aPromotion({
      conditions: [{ kind: 'coupon' }, { kind: 'contains', skus: [sku] }],
      actions: [{ kind: 'order-percent', basisPoints: 2500 }],
    });
    const code = await aCoupon(promotionId, { totalLimit: 1 });
    const used = async () => (await world.call('GET', `/v1/coupons/${code}`)).body.used;
    const basket = { lines: [{ sku, quantity: 1 }], coupons: [code.toLowerCase()] };
    const { body } = await quote(basket);
    expect(body).toMatchObject({ total: { amount: 750 }, coupons: [{ code, used: true }] });
    await quote(basket);
    expect(await used()).toBe(0);

    const first = await order({ ...basket, quoteHash: body.quoteHash });
    expect([first.total.amount, await used()]).toEqual([750, 1]);
    expect(first.discounts).toMatchObject([{ promotionId, coupon: code, amount: { amount: 250 } }]);
    for (const again of [basket, { ...basket, quoteHash: body.quoteHash }]) {
      expect(await world.checkout(again)).toMatchObject({ status: 409, body: { code: 'coupon-exhausted' } });
    }
    expect((await quote(basket)).body.code).toBe('coupon-exhausted');
    await world.call('POST', `/v1/orders/${first.id}/cancel`, { reason: 'test' }, { 'idempotency-key': randomUUID() });
    expect(await used()).toBe(0);
    expect((await order(basket)).total.amount).toBe(750);
    const elsewhere = { ...basket, lines: [{ sku: 'SKU-1', quantity: 1 }] };
    for (const reply of [await quote(elsewhere), await world.checkout(elsewhere)]) {
      expect(reply).toMatchObject({ status: 422, body: { code: 'coupon-not-applicable' } });
      expect(reply.body.coupons[0].reasons[0].code).toBe('goods-not-in-basket');
    }
  });

  it('lets 10 of 200 buyers use a coupon whose limit is 10', async () => {
    const sku = await aSku(1000, 'CNY', 1000);
    const promotionId = await aPromotion({
      conditions: [{ kind: 'coupon' }],
      actions: [{ kind: 'order-percent', basisPoints: 1000 }],
    });
    const code = await aCoupon(promotionId, { totalLimit: 10 });
    const basket = { lines: [{ sku, quantity: 1 }], coupons: [code] };
    const replies = await Promise.all(Array.from({ length: 200 }, () => world.checkout(basket)));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(replies.filter(({ body }) => body.code === 'coupon-exhausted')).toHaveLength(190);
    expect((await world.call('GET', `/v1/coupons/${code}`)).body.used).toBe(10);
    expect((await world.call('GET', `/v1/skus/${sku}`)).body.reserved).toBe(10);
  });

  it('gives a buyer one first order, also of those that come at once in two processes', async () => {
    const region = aRegion();
    const promotionId = await aPromotion({
      conditions: [{ kind: 'first-order' }, { kind: 'region', regions: [region] }],
      actions: [{ kind: 'order-percent', basisPoints: 5000 }],
    });
    const skus = await Promise.all(Array.from({ length: 4 }, () => aSku(1000)));
    const second = await startSecondProcess(world);
    try {
      for (let round = 0; round < 10; round++) {
        const buyerId = aBuyer();
        const replies = await Promise.all(
          skus.map((sku, n) =>
            world.call(
              'POST',
              `${n % 2 ? world.url : second.url}/v1/checkout`,
              { ...aBasket(), lines: [{ sku, quantity: 1 }], region, buyerId },
              { 'idempotency-key': randomUUID() },
            ),
          ),
        );
        const totals = replies.map(({ body }) => body.order.total.amount).toSorted((a, b) => a - b);
        expect(totals).toEqual([500, 1000, 1000, 1000]);
      }
    } finally {
      await second.stop();
      await stop(promotionId);
    }
  });

  it('adds a gift to the order and holds its units, while there are some', async () => {
    const [sku, gift] = [await aSku(1000), await aSku(500, 'CNY', 1)];
    const promotionId = await aPromotion({
      conditions: [{ kind: 'contains', skus: [sku] }],
      actions: [{ kind: 'gift', sku: gift, quantity: 1 }],
    });
    const basket = { lines: [{ sku, quantity: 1 }] };
    const { body } = await quote(basket);
    expect(body.lines[1]).toMatchObject({ lineNo: 2, sku: gift, unitPrice: { amount: 0 }, isAvailable: true });
    const first = await order(basket);
    expect(first.lines).toMatchObject([{ sku }, { sku: gift, quantity: 1, total: { amount: 0 } }]);
    expect(first.total.amount).toBe(1000);
    expect((await world.call('GET', `/v1/skus/${gift}`)).body.reserved).toBe(1);
    expect((await order(basket)).lines).toHaveLength(1);
    const late = await world.checkout({ ...basket, quoteHash: body.quoteHash });
    expect(late.body).toMatchObject({ code: 'insufficient-stock', skus: [{ sku: gift }] });
    await stop(promotionId);
  });

  it('sees a rate that another process has changed at once', async () => {
    const other = await startSecondProcess(world);
    try {
      const region = aRegion();
      const basket = { ...aBasket(), lines: [{ sku: await aSku(1000), quantity: 1 }], region };
      for (const ratePpm of [100_000, 200_000, 50_000]) {
        await taxOf(region, ratePpm);
        const reply = await world.call('POST', `${other.url}/v1/checkout`, basket, { 'idempotency-key': randomUUID() });
        expect(reply.body.order.tax.amount).toBe(ratePpm / 1000);
      }
    } finally {
      await other.stop();
    }
  });

  it('charges each order one price while prices change, and each quote its own', async () => {
    const region = aRegion();
    const sku = await aSku(1000, 'CNY', 10_000);
    const basket = { lines: [{ sku, quantity: 2 }], region };
    const { quoteHash } = (await quote(basket)).body;
    const changes = async () => {
      for (let n = 1; n <= 20; n++) {
        await priced(sku, 1000 + n, 'CNY', 10_000);
        await taxOf(region, n * 10_000);
      }
    };
    const orders: Promise<Json>[] = [];
    const quoted: Promise<Json>[] = [];
    const buyers = async () => {
      for (let n = 0; n < 10; n++) {
        orders.push(...Array.from({ length: 5 }, () => order(basket)));
        quoted.push(...Array.from({ length: 5 }, () => order({ ...basket, quoteHash })));
        await Promise.all([...orders, ...quoted]);
      }
    };
    await Promise.all([changes(), buyers()]);
    for (const { total, tax } of await Promise.all(quoted)) expect([total.amount, tax.amount]).toEqual([2000, 0]);
    for (const { lines, subtotal, tax, total } of await Promise.all(orders)) {
      expect(subtotal.amount).toBe(lines[0].unitPrice.amount * 2);
      expect(total.amount).toBe(subtotal.amount + tax.amount);
    }
    expect((await order(basket)).total.amount).toBe(2448); // 2 × 1020, and 20 %
  });

  it('keeps tax rates as data', async () => {
    const [region, other] = [aRegion(), aRegion()].toSorted() as [string, string];
    expect(await taxOf(region, 130_000, true)).toMatchObject({
      status: 201,
      body: { region: region.toUpperCase(), name: 'VAT', ratePpm: 130_000, included: true },
    });
    expect((await taxOf(region, 60_000)).status).toBe(200);
    expect((await world.call('GET', `/v1/tax-rates/${region}`)).body.ratePpm).toBe(60_000);
    await taxOf(other, 1);
    expect(await all('/v1/tax-rates', ({ region: key }) => key)).toEqual(
      expect.arrayContaining([region.toUpperCase(), other.toUpperCase()]),
    );
    expect((await world.call('DELETE', `/v1/tax-rates/${region}`)).status).toBe(204);
    expect((await world.call('DELETE', `/v1/tax-rates/${region}`)).body.code).toBe('not-found');
    expect((await world.call('GET', `/v1/tax-rates/${region}`)).body.code).toBe('not-found');
    expect((await world.call('GET', '/v1/tax-rates/a_b')).body.code).toBe('malformed-region');
    expect((await world.call('POST', `/v1/tax-rates/${region}`, {})).status).toBe(405);
    for (const wrong of [
      { ratePpm: -1 },
      { ratePpm: 1_000_001 },
      { ratePpm: 0.5 },
      { included: 'yes' },
      { name: '' },
    ]) {
      const reply = await world.call('PUT', `/v1/tax-rates/${region}`, {
        name: 'VAT',
        ratePpm: 1,
        included: true,
        ...wrong,
      });
      expect(reply.body.code).toBe('invalid-request');
    }
  });

  it('keeps shipping rates as data, one for each currency', async () => {
    const region = aRegion();
    const freeFrom = { amount: 9900, currency: 'CNY' };
    expect(await shippingOf(region, 'CNY', 800, { freeFrom, isTaxed: true })).toMatchObject({
      status: 201,
      body: { region: region.toUpperCase(), price: { amount: 800, currency: 'CNY' }, freeFrom, isTaxed: true },
    });
    await shippingOf(region, 'JPY', 500);
    expect((await shippingOf(region, 'CNY', 900)).status).toBe(200);
    const read = (currency: string) => world.call('GET', `/v1/shipping-rates/${region}/${currency}`);
    expect((await read('CNY')).body).toMatchObject({ price: { amount: 900 }, freeFrom: null, isTaxed: false });
    expect((await read('JPY')).body.price).toEqual({ amount: 500, currency: 'JPY' });
    expect((await read('USD')).body.code).toBe('not-found');
    expect(await all('/v1/shipping-rates', (rate) => `${rate.region} ${rate.price.currency}`)).toEqual(
      expect.arrayContaining([`${region.toUpperCase()} CNY`, `${region.toUpperCase()} JPY`]),
    );
    const price = { amount: 1, currency: 'JPY' };
    const other = await world.call('PUT', `/v1/shipping-rates/${region}/CNY`, { price });
    expect(other.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/price/currency' }] });
    const remove = () => world.call('DELETE', `/v1/shipping-rates/${region}/CNY`);
    expect((await remove()).status).toBe(204);
    expect((await remove()).body.code).toBe('not-found');
  });

  /** Every entry of a list, page by page. */
  async function all(path: string, key: (entry: Json) => string): Promise<string[]> {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: Reply<Json> = await world.call('GET', `${path}?limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.map(key));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(seen.toSorted());
    return seen;
  }

  it('promise the discount of a first order as often as they are asked, and one order has it', async () => {
    const sku = await aSku();
    const rule = {
      name: 'Welcome',
      conditions: [{ kind: 'first-order' }, { kind: 'minimum-quantity', quantity: 1, skus: [sku] }],
      actions: [{ kind: 'order-percent', basisPoints: 1000 }],
    };
    const promotion = await world.call('POST', '/v1/promotions', rule);
    expect(promotion.status).toBe(201);
    const profile = { memberNumber: '4711', nickname: 'New here' };
    const { id: buyerId } = (await world.call('PUT', `/v1/buyers/${randomUUID()}`, profile)).body;
    const baskets = [1, 2, 3, 4].map((quantity) => ({ lines: [{ sku, quantity }], buyerId }));
    const quotes = await Promise.all(baskets.map((basket) => quote(basket)));
    expect(quotes.map(({ body }) => body.discount.amount)).toEqual([100, 200, 300, 400]);

    const answers = await Promise.all(
      baskets.map((basket, index) => world.checkout({ ...basket, quoteHash: quotes[index]?.body.quoteHash })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => body.code)).toEqual(['price-changed', 'price-changed', 'price-changed']);
    for (const { body } of refused) expect(body.quote.discount.amount).toBe(0);
    await world.call('POST', `/v1/promotions/${promotion.body.id}/stop`);
  });
});
