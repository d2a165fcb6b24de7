import type { Translations } from './wording';

export const orderDelivered: Translations = {
  'zh-CN': {
    subject: '您的包裹已签收（订单 {{ orderId }}）',
    paragraphs: ['承运商告诉我们，您的包裹已签收。', '如果您没有收到，请尽快联系我们，并提供订单号。'],
    details: [
      ['订单号', '{{ orderId }}'],
      ['签收时间', '{{ deliveredAt | time: locale }}'],
    ],
  },
  en: {
    subject: 'Your parcel has been delivered (order {{ orderId }})',
    paragraphs: [
      'The carrier reports that your parcel has been delivered.',
      'If it is not with you, please get in touch soon and name the order below.',
    ],
    details: [
      ['Order', '{{ orderId }}'],
      ['Delivered', '{{ deliveredAt | time: locale }}'],
    ],
  },
};
