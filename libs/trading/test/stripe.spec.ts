import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { StripeGateway } from '../src/adapters/gateways/stripe-gateway';
import { fromStripe, messageOf, toStripe } from '../src/adapters/gateways/stripe-messages';

const FOLDER = path.join(__dirname, 'recorded/stripe');
const recorded = (name: string) => readFileSync(path.join(FOLDER, `${name}.json`));
const gateway = new StripeGateway({ url: 'http://127.0.0.1:1', secretKey: 'sk', webhookSecrets: ['new', 'old'] });
const PAYMENT = 'pay_01h455vb4pex5vsknk084sn02q';
const usd = (amount: number) => Money.of(amount, 'USD');

describe('a message of Stripe', () => {
  const meanings: Record<string, object> = {
    'payment_intent.succeeded': { kind: 'payment', reference: PAYMENT, news: { outcome: 'paid', amount: usd(2000) } },
    'payment_intent.amount_capturable_updated': { kind: 'payment', news: { outcome: 'authorized', amount: usd(2000) } },
    'payment_intent.captured_in_part': {
      kind: 'operation',
      reference: 'cap_01h455vb4pex5vsknk084sn02q',
      outcome: 'succeeded',
    },
    'payment_intent.payment_failed': { kind: 'payment', news: { outcome: 'declined', amount: usd(2000) } },
    'payment_intent.canceled': { kind: 'payment', news: { outcome: 'voided' } },
    'payment_intent.processing': { kind: 'other', type: 'payment_intent.processing' },
    'payment_intent.unknown_status': { kind: 'other' },
    'refund.succeeded': { kind: 'operation', reference: 'ref_01h455vb4pex5vsknk084sn02q', outcome: 'succeeded' },
    'refund.pending': { kind: 'other', type: 'refund.created' },
    'refund.failed': { kind: 'operation', reference: 'ref_01h455vb4pex5vsknk084sn02q', outcome: 'failed' },
    'refund.foreign': { kind: 'other', type: 'refund.updated' },
    'setup_intent.created': { kind: 'other', type: 'setup_intent.created' },
  };

  it('has a meaning for each that is recorded', () => {
    const names = readdirSync(FOLDER).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []));
    expect(names.toSorted()).toEqual(Object.keys(meanings).toSorted());
    for (const name of names) expect(gateway.parseCallback(recorded(name))).toMatchObject(meanings[name] as object);
  });

  it('is something whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue(), (type, object) => {
        fc.pre(!type.includes('\u0000'));
        expect(messageOf({ id: 'evt_1', type, data: { object } })).toMatchObject({ eventId: 'evt_1' });
      }),
    );
    for (const bad of ['', '[]', '{"id":"evt_1"}', '{"id":1,"type":"x"}']) {
      expect(() => gateway.parseCallback(Buffer.from(bad))).toThrow(
        expect.objectContaining({ code: 'malformed-callback' }),
      );
    }
  });

  it('is believed by any active secret, over these very bytes, within five minutes', () => {
    const body = recorded('payment_intent.succeeded');
    const now = new Date('2026-01-31T08:30:00Z');
    const seconds = now.getTime() / 1000;
    const v1 = (secret: string, at = seconds, bytes: Buffer = body) =>
      createHmac('sha256', secret)
        .update(Buffer.concat([Buffer.from(`${at}.`), bytes]))
        .digest('hex');
    const verify = (header: string | undefined, bytes: Buffer = body) =>
      gateway.verifyCallback(bytes, { 'stripe-signature': header }, now);
    for (const secret of ['new', 'old']) {
      expect(() =>
        verify(`t=${seconds},v1=${v1(secret)},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39`),
      ).not.toThrow();
    }
    expect(() => verify(`t=${seconds},v1=${'0'.repeat(64)},v1=${v1('old')}`)).not.toThrow();
    const wrong = [
      undefined,
      '',
      `t=${seconds}`,
      `v1=${v1('new')}`,
      `t=${seconds},v1=${v1('guessed')}`,
      `t=${seconds - 301},v1=${v1('new', seconds - 301)}`,
      `t=${seconds + 301},v1=${v1('new', seconds + 301)}`,
      `t=${seconds},v0=${v1('new')}`,
    ];
    for (const header of wrong)
      expect(() => verify(header)).toThrow(expect.objectContaining({ code: 'invalid-signature' }));
    const other = Buffer.from(body.toString().replace('2000', '2001'));
    expect(() => verify(`t=${seconds},v1=${v1('new')}`, other)).toThrow(
      expect.objectContaining({ code: 'invalid-signature' }),
    );
  });
});

describe('money at Stripe', () => {
  it('is in minor units, but for the currencies that it counts in its own way', () => {
    expect(toStripe(usd(1999))).toBe(1999);
    expect(toStripe(Money.of(500, 'JPY'))).toBe(500);
    expect(toStripe(Money.of(5, 'ISK'))).toBe(500);
    expect(fromStripe(500, 'isk')).toEqual(Money.of(5, 'ISK'));
    expect(toStripe(Money.of(1234, 'BHD'))).toBe(1234);
  });

  it('comes back as it went', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99_999_999 }),
        fc.constantFrom('USD', 'CNY', 'JPY', 'BHD', 'UGX'),
        (amount, currency) => {
          const money = Money.of(amount, currency);
          expect(fromStripe(toStripe(money) as number, currency.toLowerCase())).toEqual(money);
        },
      ),
    );
  });
});
