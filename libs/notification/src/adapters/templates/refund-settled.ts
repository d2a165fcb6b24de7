import type { Translations } from './wording';

export const refundSettled: Translations = {
  'zh-CN': {
    subject: '退款已完成（订单 {{ orderId }}）',
    paragraphs: ['款项已原路退回。', '到账时间取决于您的银行或支付机构，通常为几个工作日。'],
    details: [
      ['订单号', '{{ orderId }}'],
      ['退款单号', '{{ refundId }}'],
      ['退款金额', '{{ amount | money: locale }}'],
    ],
  },
  en: {
    subject: 'Your refund is on its way (order {{ orderId }})',
    paragraphs: [
      'We have returned the amount below the way it was paid.',
      'Depending on your bank it can take a few working days to show.',
    ],
    details: [
      ['Order', '{{ orderId }}'],
      ['Refund', '{{ refundId }}'],
      ['Amount', '{{ amount | money: locale }}'],
    ],
  },
};
