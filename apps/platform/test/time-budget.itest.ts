import { randomUUID } from 'node:crypto';
import { type Id, uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { Client } from 'pg';
import { type Json, type Reply, startWorld, type World } from './world';

/** Past its budget a request is answered, whatever it waits for; then either all of its effect is there or none. */
describe('the time budget', () => {
  let world: World;
  let foreigner: Client;
  beforeAll(async () => {
    world = await startWorld({ TIME_BUDGET_MS: '300', DATABASE_POOL_SIZE: '12' });
    foreigner = new Client(world.databaseUrl);
    await foreigner.connect();
  });
  afterAll(async () => {
    await foreigner.end();
    await world.stop();
  });

  /** Runs `work` while a session that is none of ours holds what this statement locks. */
  const whileLocked = async <T>(text: string, values: unknown[], work: () => Promise<T>): Promise<T> => {
    await foreigner.query('BEGIN');
    await foreigner.query(text, values);
    try {
      return await work();
    } finally {
      await foreigner.query('ROLLBACK');
    }
  };
  /** Repeats a request with its key, as a caller would, until it gets another answer than "later". */
  const repeated = (request: () => Promise<Reply>): Promise<Reply<Json>> =>
    eventually(async () => {
      const reply = await request();
      return reply.body.retryable === true ? undefined : reply;
    });
  const outOfTime = {
    status: 503,
    body: { code: 'deadline-exceeded', retryable: true, requestId: expect.any(String) },
  };
  const ordersOf = async (sku: string) => {
    const [row] = await world.unitOfWork.query<{ orders: bigint; reserved: bigint }>(
      `SELECT (SELECT count(*) FROM trading.order_line WHERE sku = $1) AS orders,
              (SELECT reserved FROM trading.stock_item WHERE sku = $1) AS reserved`,
      [sku],
    );
    return { orders: Number(row?.orders), reserved: Number(row?.reserved) };
  };
  const checkout = (sku: string, key: string) => world.checkout({ lines: [{ sku, quantity: 1 }] }, key);
  const refund = (orderId: string, key: string) =>
    world.call('POST', '/v1/refunds', { orderId, reason: 'damaged' }, { 'idempotency-key': key });
  const operationsOf = async (orderId: Id<'ord'>) => {
    const [row] = await world.unitOfWork.query<{ n: bigint }>(
      "SELECT count(*) AS n FROM trading.payment_operation WHERE order_id = $1 AND kind = 'refund'",
      [uuidOf(orderId)],
    );
    return Number(row?.n);
  };

  it('answers a checkout while somebody else holds its SKU; its key then has the one effect', async () => {
    const key = randomUUID();
    const lock = 'SELECT FROM trading.stock_item WHERE sku = $1 FOR UPDATE';
    await whileLocked(lock, ['SKU-11'], async () => {
      expect(await checkout('SKU-11', key)).toMatchObject(outOfTime);
    });
    const reply = await repeated(() => checkout('SKU-11', key));
    expect(reply.status).toBe(201);
    const again = await checkout('SKU-11', key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(reply.body);
    expect(await ordersOf('SKU-11')).toEqual({ orders: 1, reserved: 1 });
  });

  it('lets a checkout that nobody waits for any more have no effect, and others go on', async () => {
    const lock = 'SELECT FROM trading.stock_item WHERE sku = $1 FOR UPDATE';
    await whileLocked(lock, ['SKU-12'], async () => {
      const held = await Promise.all(Array.from({ length: 20 }, () => checkout('SKU-12', randomUUID())));
      expect(held.map(({ status }) => status)).toEqual(Array(20).fill(503));
      // What was left behind has given up its wait for the lock: it blocks nobody who wants something else.
      await eventually(async () => (await checkout('SKU-13', randomUUID())).status === 201);
    });
    expect((await checkout('SKU-12', randomUUID())).status).toBe(201);
    expect(await ordersOf('SKU-12')).toEqual({ orders: 1, reserved: 1 });
  });

  it('answers a checkout while nobody gets a connection', async () => {
    const key = randomUUID();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const holders = Array.from({ length: 12 }, () =>
      world.unitOfWork.run(async () => {
        await world.unitOfWork.query('SELECT 1');
        await released;
      }),
    );
    expect(await checkout('SKU-14', key)).toMatchObject(outOfTime);
    release();
    await Promise.all(holders);
    expect((await repeated(() => checkout('SKU-14', key))).status).toBe(201);
    expect(await ordersOf('SKU-14')).toEqual({ orders: 1, reserved: 1 });
  });

  it('answers a checkout after the process stood still; its key then has the one effect', async () => {
    const keys = Array.from({ length: 20 }, () => randomUUID());
    const standStill = () => {
      const end = performance.now() + 400;
      while (performance.now() < end);
    };
    const placing = keys.map((key) => checkout('SKU-15', key));
    for (let pause = 0; pause < 4; pause++) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      standStill();
    }
    for (const reply of await Promise.all(placing)) {
      if (reply.status !== 201) expect(reply).toMatchObject(outOfTime);
    }
    const replies = await Promise.all(keys.map((key) => repeated(() => checkout('SKU-15', key))));
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(await ordersOf('SKU-15')).toEqual({ orders: 20, reserved: 20 });
  });

  it('answers a refund while somebody else holds its order; its key then has the one effect', async () => {
    const { order } = await world.aPaidOrder();
    const key = randomUUID();
    await whileLocked('SELECT FROM trading.orders WHERE id = $1 FOR UPDATE', [uuidOf(order.id)], async () => {
      expect(await refund(order.id, key)).toMatchObject(outOfTime);
    });
    const reply = await repeated(() => refund(order.id, key));
    expect(reply.status).toBe(201);
    expect((await refund(order.id, key)).body.id).toBe(reply.body.id);
    expect(await operationsOf(order.id)).toBe(1);
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
  });

  it('answers a refund while its gateway is silent, as a refund whose end is not known yet', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 6000 });
    const reply = await refund(order.id, randomUUID());
    expect(reply).toMatchObject({ status: 201, body: { status: 'pending' } });
    expect(await operationsOf(order.id)).toBe(1);
  });

  it('tells any caller whose transaction waited too long for a lock that it may try again', async () => {
    const { order } = (await world.checkout()).body;
    const cancel = () =>
      world.call('POST', `/v1/orders/${order.id}/cancel`, { reason: 'waited' }, { 'idempotency-key': order.id });
    await whileLocked('SELECT FROM trading.orders WHERE id = $1 FOR UPDATE', [uuidOf(order.id)], async () => {
      const reply = cancel();
      // As the database itself does after its own, much longer time.
      await eventually(async () => {
        const cancelled = await world.unitOfWork.query(
          `WITH waiting AS MATERIALIZED (
             SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
           SELECT pg_cancel_backend(pid) FROM waiting`,
        );
        return cancelled.length === 1;
      });
      expect(await reply).toMatchObject(outOfTime);
    });
    expect((await repeated(cancel)).body.status).toBe('cancelled');
  });
});
