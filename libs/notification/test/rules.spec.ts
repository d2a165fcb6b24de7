import { RULES, rulesFor } from '../src/domain/rules';
import { HEARD } from '../src/features/plan-messages';

const told = (event: string, facts: Record<string, unknown> = {}) =>
  rulesFor(event, facts).map((rule) => rule.template);

describe('the rules of what buyers are told', () => {
  it('an order that goes from checkout to door gives three messages: paid, shipped, delivered', () => {
    const journey = [
      'trading.order-placed.v1',
      'trading.order-paid.v1',
      'logistics.waybill-created.v1',
      'logistics.waybill-dispatched.v1',
      'trading.order-shipped.v1',
      'logistics.waybill-delivered.v1',
      'trading.order-delivered.v1',
    ];
    expect(journey.flatMap((event) => told(event))).toEqual(['order-paid', 'order-shipped', 'order-delivered']);
  });

  it('a cancelled order is told', () => {
    expect(told('trading.order-cancelled.v1')).toEqual(['order-cancelled']);
  });

  it('a refund is told when the money went back', () => {
    expect(told('trading.refund-settled.v1', { status: 'success' })).toEqual(['refund-settled']);
  });

  it('a refund that failed is not told: it is ours to mend first', () => {
    expect(told('trading.refund-settled.v1', { status: 'failed' })).toEqual([]);
  });

  it('nothing is said about an event without a rule', () => {
    expect(told('trading.refund-requested.v1')).toEqual([]);
  });

  it('each rule has a name of its own and is about an event that is listened to', () => {
    expect(new Set(RULES.map((rule) => rule.name)).size).toBe(RULES.length);
    expect(new Set(RULES.map((rule) => rule.event))).toEqual(new Set(HEARD.map((event) => event.type)));
  });
});
