import { idOf } from '@tradewind/shared-kernel';
import { EventLog } from '@tradewind/shared-kernel/messaging';
import { eventually } from '@tradewind/shared-kernel/testing';
import { SendMessages } from '../src/features/send-messages';
import { SmtpStandIn } from './smtp-stand-in';
import { OrderStandIn, openWorld, type World, ZHANG } from './world';

describe('sending over SMTP', () => {
  const server = new SmtpStandIn();
  let world: World;

  beforeEach(async () => {
    await server.start();
    server.behaviour = 'takes';
    server.received.length = 0;
    world = await openWorld({ smtpUrl: server.url.replace('//', '//shop:hunter2@'), sendTimeoutMs: 1000 });
    await world.start();
  });
  afterEach(async () => {
    await world.close();
    await server.stop();
  });

  const publishPaid = async () => {
    const order = new OrderStandIn();
    world.contacts.set(order.id, ZHANG);
    await world.publish(order.paid());
    return order;
  };
  const settledAs = (state: string) =>
    eventually(async () => (await world.deliveries()).find((line) => line.state === state));
  const outcomesOf = async (order: OrderStandIn) =>
    (await world.app.get(EventLog).history(order.id)).filter(({ type }) => type.startsWith('notification.'));

  /** Lets what waits fall due at once. */
  const noMoreWaiting = async () => {
    await world.unitOfWork.query('UPDATE notification.delivery SET due_at = now() WHERE due_at IS NOT NULL');
    world.app.get(SendMessages).wake();
  };

  it('a message that was handed over before the worker died is sent again under the same Message-ID', async () => {
    server.behaviour = 'silent-after-data';
    const order = await publishPaid();
    const { id } = await settledAs('unknown');
    // What a dead worker leaves: an attempt that began, and no outcome.
    await world.unitOfWork.query(`UPDATE notification.delivery SET state = 'sent' WHERE id = $1`, [id]);
    server.behaviour = 'takes';
    await noMoreWaiting();

    expect(await settledAs('succeeded')).toMatchObject({ id, attempts: 2, last_error: null });
    expect(await world.deliveries()).toHaveLength(1);
    const messageId = `<${idOf('ntf', id)}@tradewind.example>`;
    expect(server.received.map((mail) => mail.messageId)).toEqual([messageId, messageId]);
    expect(await outcomesOf(order)).toHaveLength(1);
  });

  it('a server that is down gets the message once it is up', async () => {
    await server.stop();
    const order = await publishPaid();
    await eventually(async () => (await world.deliveries())[0]?.last_error === 'econnrefused');
    expect((await world.deliveries())[0]?.state).toMatch(/requested|sent/);

    await server.start();
    await noMoreWaiting();
    await settledAs('succeeded');
    expect(server.received.map(({ recipients }) => recipients)).toEqual([[ZHANG.email]]);
    expect(await outcomesOf(order)).toEqual([expect.objectContaining({ type: 'notification.message-sent.v1' })]);
  });

  it('a definite refusal fails the message, which is then left alone', async () => {
    server.behaviour = { rcptTo: 550 };
    const order = await publishPaid();
    expect(await settledAs('failed')).toMatchObject({ last_error: 'smtp-550', attempts: 1 });
    expect(await outcomesOf(order)).toEqual([
      expect.objectContaining({
        type: 'notification.message-failed.v1',
        data: expect.objectContaining({ orderId: order.id, reason: 'smtp-550' }),
      }),
    ]);
  });

  it('neither the recipient nor the password is found in logs, events or reasons', async () => {
    server.behaviour = { data: 451 };
    const order = await publishPaid();
    await eventually(async () => (await world.deliveries())[0]?.last_error === 'smtp-451');
    server.behaviour = 'silent-after-data';
    await noMoreWaiting();
    await settledAs('unknown');
    server.behaviour = { rcptTo: 554 };
    await noMoreWaiting();
    await settledAs('failed');

    const seen = [world.logged, await world.deliveries(), await outcomesOf(order)].map((part) => JSON.stringify(part));
    expect(seen.join('\n')).not.toMatch(/zhang|example\.com|hunter2/i);
  });

  it('shows no dev mailbox', async () => {
    expect((await world.app.inject('/dev/mailbox')).statusCode).toBe(404);
  });
});
