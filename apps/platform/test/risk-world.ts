import { randomUUID } from 'node:crypto';
import { type RiskParameters, RiskPolicy, RiskPolicyKind, RiskPolicyKinds, type RiskVerdict } from '@tradewind/trading';
import { type Json, startWorld, type World } from './world';

export const BUYER = 'buy_01kc1xv8q1fwer8xv1wbq0z4a8';
export const cny = (amount: number) => ({ amount, currency: 'CNY' });
export const units = (quantity: number, sku = 'SKU-1') => ({ lines: [{ sku, quantity }] });

/** A policy of a team's own: it answers, or does not, as the test says. */
export class TeamKind extends RiskPolicyKind {
  readonly name = 'team';
  answer: (signal: AbortSignal) => RiskVerdict | Promise<RiskVerdict> = () => ({ kind: 'approve' });

  problems(): [] {
    return [];
  }

  policy(_parameters: RiskParameters): RiskPolicy {
    return { evaluate: (_request, signal) => this.answer(signal) };
  }
}

/** A world with a team's own kind of policy in it, and what its tests say again and again. */
export async function startRiskWorld() {
  const world: World = await startWorld();
  const team = new TeamKind();
  world.app.get(RiskPolicyKinds).register(team);

  const policyOf = (kind: string, parameters: object, changes: object = {}) => ({
    name: kind,
    kind,
    parameters,
    mode: 'enforce',
    ...changes,
  });
  return {
    world,
    team,
    policyOf,
    addPolicy: async (kind: string, parameters: object, changes: object = {}): Promise<Json> => {
      const { status, body } = await world.call('POST', '/v1/risk/policies', policyOf(kind, parameters, changes));
      expect({ status, body }).toMatchObject({ status: 201 });
      return body;
    },
    removePolicies: async () => {
      const { body } = await world.call('GET', '/v1/risk/policies?limit=100');
      for (const { id } of body.data) expect((await world.call('DELETE', `/v1/risk/policies/${id}`)).status).toBe(204);
    },
    block: (entry: object) => world.call('POST', '/v1/risk/lists', { kind: 'block', ...entry }),
    decide: (orderId: string, decision: string, reason = 'looked at it') =>
      world.call('POST', `/v1/risk/reviews/${orderId}/${decision}`, { reason }, { 'idempotency-key': randomUUID() }),
    journal: () =>
      world.unitOfWork.query<Json>('SELECT * FROM trading.risk_evaluation ORDER BY evaluated_at DESC, policy_id'),
    count: async (table: string) => {
      const [row] = await world.unitOfWork.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`);
      return Number(row?.n);
    },
    reserved: async (sku: string) => (await world.call('GET', `/v1/skus/${sku}`)).body.reserved,
    priceOf: async (sku: string) => (await world.call('GET', `/v1/skus/${sku}`)).body.price.amount as number,
  };
}

export type RiskWorld = Awaited<ReturnType<typeof startRiskWorld>>;
