import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { World } from '../world';
import type { Provocations } from './provocation';

let members = 9_000_000;
const put =
  (world: World, changes: object = {}, id: string = randomUUID()) =>
  () =>
    world.call('PUT', `/v1/buyers/${id}`, { memberNumber: String(++members), nickname: 'Ada', level: 1, ...changes });
const aBuyer = async (world: World): Promise<string> => (await put(world)()).body.id;
const post =
  (world: World, id: string, what: string, body: object, key: string = randomUUID()) =>
  () =>
    world.call('POST', `/v1/buyers/${id}/${what}`, body, { 'idempotency-key': key });

export const BUYERS: Provocations = {
  'unknown-buyer': ({ world }) => ({ request: () => world.call('GET', `/v1/buyers/${randomUUID()}`) }),
  'malformed-buyer-id': ({ world }) => ({ request: put(world, {}, '7') }),
  'malformed-member-number': ({ world }) => ({ request: () => world.call('GET', '/v1/buyers?memberNumber=x') }),
  'member-number-taken': async ({ world }) => {
    const memberNumber = String(++members);
    await put(world, { memberNumber })();
    return { request: put(world, { memberNumber }) };
  },
  'nickname-too-long': ({ world }) => ({ request: put(world, { nickname: '海'.repeat(11) }) }),
  'malformed-nickname': ({ world }) => ({ request: put(world, { nickname: ' ' }) }),
  'level-out-of-range': ({ world }) => ({ request: put(world, { level: 101 }) }),
  'nothing-to-record': async ({ world }) => ({
    request: post(world, await aBuyer(world), 'points', { points: 0, reason: 'nothing' }),
  }),
  'login-in-future': async ({ world }) => {
    const at = new Date(Date.now() + 302_000).toISOString();
    return { request: post(world, await aBuyer(world), 'logins', { at }), help: () => wait(2100) };
  },
};
