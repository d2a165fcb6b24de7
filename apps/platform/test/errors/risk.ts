import { randomUUID } from 'node:crypto';
import { type RiskParameters, RiskPolicyKind, RiskPolicyKinds, type RiskVerdict } from '@tradewind/trading';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json, World } from '../world';
import type { Provocations } from './provocation';

const NO_POLICY = 'rsk_01h455vb4pex5vsknk084sn02q';
const NO_ENTRY = 'rle_01h455vb4pex5vsknk084sn02q';
const ANY_AMOUNT = { amount: 0, currency: 'CNY' };

const post =
  (world: World, path: string, body: object = {}, key: string = randomUUID()) =>
  () =>
    world.call('POST', path, body, { 'idempotency-key': key });
const add = async (world: World, policy: object): Promise<string> =>
  (await world.call('POST', '/v1/risk/policies', { name: 'provoked', mode: 'enforce', ...policy })).body.id;
const remove = (world: World, id: string) => world.call('DELETE', `/v1/risk/policies/${id}`);
/** The policy counts for nobody else: other codes are provoked by checkouts too. */
const aParked = async (world: World, basket: object = {}): Promise<Json> => {
  const id = await add(world, { kind: 'amount', parameters: { over: ANY_AMOUNT, then: 'review' } });
  const { body } = await world.checkout(basket);
  await remove(world, id);
  return body;
};
const decide = (world: World, orderId: string, decision: 'approve' | 'reject') =>
  post(world, `/v1/risk/reviews/${orderId}/${decision}`, { reason: 'looked at it' });

/** Its policies answer when they are let. */
class Held extends RiskPolicyKind {
  readonly name = 'held';
  answer: ((verdict: RiskVerdict) => void) | undefined;

  problems(): [] {
    return [];
  }

  policy(_parameters: RiskParameters) {
    return { evaluate: () => new Promise<RiskVerdict>((resolve) => (this.answer = resolve)) };
  }
}

export const RISK: Provocations = {
  'order-declined': async ({ world }) => {
    const email = `${randomUUID()}@example.com`;
    await world.call('POST', '/v1/risk/lists', { kind: 'block', subject: 'email', value: email });
    await add(world, { kind: 'lists', parameters: { then: 'decline' } });
    return { request: () => world.checkout({ email }) };
  },
  'order-in-review': async ({ world }) => {
    const { order, payment } = await aParked(world, { capture: 'manual' });
    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'authorized');
    return { request: post(world, `/v1/payments/${payment.id}/captures`), help: decide(world, order.id, 'approve') };
  },
  'unknown-risk-policy': ({ world }) => ({ request: () => world.call('GET', `/v1/risk/policies/${NO_POLICY}`) }),
  'unknown-risk-review': async ({ world }) => {
    const { body } = await world.checkout();
    return { request: () => world.call('GET', `/v1/risk/reviews/${body.order.id}`) };
  },
  'unknown-list-entry': ({ world }) => ({ request: () => world.call('DELETE', `/v1/risk/lists/${NO_ENTRY}`) }),
  'risk-review-decided': async ({ world }) => {
    const { order } = await aParked(world);
    await decide(world, order.id, 'approve')();
    return { request: decide(world, order.id, 'reject') };
  },
  'backtest-running': async ({ world }) => {
    await world.checkout();
    const held = new Held();
    world.app.get(RiskPolicyKinds).register(held);
    const parameters = { over: ANY_AMOUNT, then: 'review' };
    const request = () => world.call('POST', '/v1/risk/backtests', { policy: { kind: 'amount', parameters } });
    const policyId = await add(world, { kind: 'held', parameters: {}, enabled: false, timeLimitMs: 10_000 });
    const other = world.call('POST', '/v1/risk/backtests', { policyId, limit: 1 });
    const answer = await eventually(() => held.answer);
    return {
      request,
      help: () => {
        answer({ kind: 'approve' });
        return other;
      },
    };
  },
};
