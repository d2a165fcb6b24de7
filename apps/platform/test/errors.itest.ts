import { errorCatalogue } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { Client } from 'pg';
import { BUYERS } from './errors/buyers';
import { GOODS } from './errors/goods';
import { HTTP } from './errors/http';
import { LOGISTICS } from './errors/logistics';
import { PAYMENTS } from './errors/payments';
import { PROMOTIONS } from './errors/promotions';
import type { Provocations, Stage } from './errors/provocation';
import { RISK } from './errors/risk';
import { TRADING } from './errors/trading';
import { startWorld } from './world';

const PROVOCATIONS: Provocations = {
  ...HTTP,
  ...TRADING,
  ...PROMOTIONS,
  ...PAYMENTS,
  ...GOODS,
  ...BUYERS,
  ...RISK,
  ...LOGISTICS,
};

const provoked = [...errorCatalogue()].filter(([code]) => code in PROVOCATIONS);

/** Every code of the catalogue is answered over HTTP, and `retryable` is true exactly when a retry can help. */
describe('the error codes', () => {
  const stage = {} as Stage;
  beforeAll(async () => {
    stage.world = await startWorld({ KEY_REQUESTS_PER_MINUTE: '30' });
    stage.foreigner = new Client(stage.world.databaseUrl);
    await stage.foreigner.connect();
  });
  afterAll(async () => {
    await stage.foreigner.end();
    await stage.world.stop();
  });

  // What a failed test may have left locked.
  afterEach(() => stage.foreigner.query('ROLLBACK'));

  it.each(provoked)('%s is answered when it is provoked', async (code, { status, title, retryable }) => {
    const provoke = PROVOCATIONS[code];
    if (!provoke) throw new Error(`nothing provokes ${code}`);
    const { request, help } = await provoke(stage);
    const refused = await request();
    expect({ status: refused.status, ...refused.body }).toMatchObject({
      type: `/errors#${code}`,
      code,
      status,
      title,
      retryable,
      detail: expect.any(String),
      requestId: refused.headers.get('x-request-id'),
    });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    if (!retryable) {
      expect(refused.headers.has('retry-after')).toBe(false);
      expect((await request()).body.code).toBe(code);
      return;
    }
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    if (!help) throw new Error(`${code} is retryable: say what helps`);
    await help();
    await eventually(async () => (await request()).status < 300);
  });

  it('are all provoked: a new one is added to a table in test/errors/', () => {
    expect([...errorCatalogue().keys()].filter((code) => !(code in PROVOCATIONS))).toEqual([]);
  });

  it('all say when they happen', () => {
    expect([...errorCatalogue()].filter(([, { when }]) => !when).map(([code]) => code)).toEqual([]);
  });

  it('are all that is provoked', () => {
    expect(Object.keys(PROVOCATIONS).filter((code) => !errorCatalogue().has(code))).toEqual([]);
  });
});
