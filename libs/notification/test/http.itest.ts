import { SystemIds } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { OrderStandIn, openWorld, type World, ZHANG } from './world';

const ids = new SystemIds();

describe('the HTTP face', () => {
  let world: World;
  const order = new OrderStandIn();

  beforeAll(async () => {
    world = await openWorld();
    await world.start();
    world.contacts.set(order.id, { ...ZHANG, name: '<b>Zhang</b>' });
    for (let count = 0; count < 5; count++) await world.publish(order.paid());
    const stranger = new OrderStandIn();
    await world.publish(stranger.paid());
    await eventually(async () => {
      const lines = await world.deliveries();
      return lines.length === 6 && lines.every(({ state }) => ['succeeded', 'skipped'].includes(state));
    });
  });
  afterAll(() => world.close());

  interface Listed {
    data: { id: string; createdAt: string }[];
    nextCursor: string | null;
  }
  const list = async (query: Record<string, string>) => {
    const answer = await world.app.inject({ url: '/v1/notifications', query });
    return { status: answer.statusCode, body: answer.json<Listed & { code?: string }>() };
  };

  it('shows a message with its recipient masked', async () => {
    const { status, body } = await list({ orderId: order.id, limit: '1' });
    expect(status).toBe(200);
    expect(body.data).toEqual([
      {
        id: expect.stringMatching(/^ntf_/),
        event: 'trading.order-paid.v1',
        template: 'order-paid',
        locale: 'zh-CN',
        channel: 'email',
        recipient: 'z***@example.com',
        status: 'sent',
        attempts: 1,
        createdAt: expect.stringMatching(/Z$/),
        sentAt: expect.stringMatching(/Z$/),
      },
    ]);
  });

  it('pages through all messages of the order, newest first', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: Awaited<ReturnType<typeof list>> = await list({
        orderId: order.id,
        limit: '2',
        ...(cursor && { cursor }),
      });
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
  });

  it('is empty for an order without messages', async () => {
    expect(await list({ orderId: ids.next('ord') })).toEqual({ status: 200, body: { data: [], nextCursor: null } });
  });

  it.each<[string, Record<string, string>, string]>([
    ['no order', {}, 'invalid-request'],
    ['an id of another kind', { orderId: ids.next('wbl') }, 'invalid-request'],
    ['too large a page', { orderId: order.id, limit: '101' }, 'invalid-request'],
    ['a cursor of its own making', { orderId: order.id, cursor: 'x' }, 'invalid-cursor'],
    ['a cursor with another id', { orderId: order.id, cursor: 'WyJvcmRfMSJd' }, 'invalid-cursor'],
  ])('refuses %s', async (_what, query, code) => {
    const { status, body } = await list(query);
    expect(status).toBe(400);
    expect(body.code).toBe(code);
  });

  it('shows the dev mailbox, where nothing of a message can act', async () => {
    const page = await world.app.inject('/dev/mailbox');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.body.match(/<li>/g)).toHaveLength(5);
    expect(page.body).toContain(ZHANG.email);

    const id = /\/dev\/mailbox\/(ntf_\w+)/.exec(page.body)?.[1];
    const letter = await world.app.inject(`/dev/mailbox/${id}`);
    expect(letter.statusCode).toBe(200);
    expect(letter.headers['content-security-policy']).toContain("default-src 'none'");
    expect(letter.body).toContain('<iframe title="The message as HTML" sandbox srcdoc="&lt;!doctype html&gt;');
    expect(letter.body).not.toContain('<b>Zhang');
  });

  it.each([`/dev/mailbox/${ids.next('ntf')}`, '/dev/mailbox/..%2f..%2fetc%2fpasswd', '/dev/mailbox/ntf_..%2f..%2fx'])(
    'has nothing at %s',
    async (url) => {
      const answer = await world.app.inject(url);
      expect(answer.statusCode).toBe(404);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    },
  );
});
