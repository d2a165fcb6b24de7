import { LiquidTemplates } from '../src/adapters/templates/liquid-templates';
import { orderCancelled } from '../src/adapters/templates/order-cancelled';
import { orderDelivered } from '../src/adapters/templates/order-delivered';
import { orderPaid } from '../src/adapters/templates/order-paid';
import { orderShipped } from '../src/adapters/templates/order-shipped';
import { refundSettled } from '../src/adapters/templates/refund-settled';
import { LOCALES } from '../src/domain/locale';
import { type Facts, RULES } from '../src/domain/rules';

const templates = new LiquidTemplates();
const amount = { amount: 12990, currency: 'CNY' };
const HOSTILE = `<script>alert("1")</script>' & {{ 7 | times: 6 }}`;

const everyWording = RULES.flatMap(({ template }) => LOCALES.map((locale) => [template, locale] as const));
const facts = (text: string): Facts => ({
  orderId: `ord_${text}`,
  paymentId: text,
  refundId: `ref_${text}`,
  carrier: text,
  number: `N${text}`,
  waybillId: text,
  deliveredAt: '2026-01-05T08:00:00Z',
  from: text,
  reason: text,
  status: text,
  amount,
});

describe.each(everyWording)('the message %s in %s', (template, locale) => {
  it('has a subject, a text and a page in its language', () => {
    const { subject, text, html } = templates.render(template, locale, facts('1'), 'Zhang San');
    expect(subject).toMatch(/\S/);
    expect(subject).toMatch(/ord_1|N1/);
    expect(text).toContain('Zhang San');
    expect(text).toContain('ord_1');
    expect(html).toContain(`<html lang="${locale}">`);
    expect(html).toContain('Zhang San');
    expect(`${subject}${text}${html}`).not.toMatch(/\{\{|\{%|undefined|\[object/);
    expect(/\p{Script=Han}/u.test(text)).toBe(locale === 'zh-CN');
  });

  it('shows hostile values as they are and lets them do nothing', () => {
    const { subject, text, html } = templates.render(template, locale, facts(HOSTILE), HOSTILE);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39; &amp; {{ 7 | times: 6 }}');
    expect(subject).toContain(HOSTILE);
    expect(text).toContain(HOSTILE);
  });

  it('keeps a value on its own line', () => {
    const { subject, text } = templates.render(template, locale, facts('1\r\nBcc: x@example.com'), 'Zhang\n\nPay here');
    expect(subject).not.toMatch(/\p{Cc}/u);
    expect(text).not.toMatch(/^(Bcc|Pay here)/m);
  });
});

describe('the words', () => {
  it('hold no markup, as text and page are made from the same ones', () => {
    const all = [orderPaid, orderShipped, orderDelivered, orderCancelled, refundSettled]
      .flatMap((translations) => Object.values(translations))
      .flatMap(({ subject, paragraphs, details }) => [subject, ...paragraphs, ...details.flat()]);
    expect(all.filter((words) => /[<>&]/.test(words))).toEqual([]);
  });

  it('name the amount as people of that language write it', () => {
    expect(templates.render('order-paid', 'zh-CN', facts('1'), '').text).toContain('付款金额：¥129.90');
    expect(templates.render('refund-settled', 'en', facts('1'), '').text).toContain('Amount: CN¥129.90');
  });

  it('promise a refund only to a buyer who has paid', () => {
    const textFor = (from: string) =>
      templates.render('order-cancelled', 'en', { orderId: 'ord_1', from, reason: 'x' }, '').text;
    expect(textFor('paid')).toContain('goes back');
    expect(textFor('created')).toContain('have not been charged');
  });

  it('greet a buyer without a name', () => {
    expect(templates.render('order-paid', 'zh-CN', facts('1'), ' ').text).toMatch(/^您好：/);
  });

  it('are refused, not left with gaps, when a fact is missing', () => {
    expect(() => templates.render('order-paid', 'en', { orderId: 'ord_1' }, 'Z')).toThrow(/amount/);
  });
});
