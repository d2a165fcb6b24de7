import type { Translations } from './wording';

export const orderPaid: Translations = {
  'zh-CN': {
    subject: '已收到您的付款（订单 {{ orderId }}）',
    paragraphs: ['我们已收到您的付款，正在为您备货。', '包裹交给承运商后，我们会再发邮件通知您。'],
    details: [
      ['订单号', '{{ orderId }}'],
      ['付款金额', '{{ amount | money: locale }}'],
    ],
  },
  en: {
    subject: 'We have received your payment (order {{ orderId }})',
    paragraphs: [
      'Thank you: your payment has arrived and we are preparing your order.',
      'You will hear from us again when the parcel is with the carrier.',
    ],
    details: [
      ['Order', '{{ orderId }}'],
      ['Amount paid', '{{ amount | money: locale }}'],
    ],
  },
};
