import type { Translations } from './wording';

export const orderShipped: Translations = {
  'zh-CN': {
    subject: '您的包裹已发出（运单号 {{ number }}）',
    paragraphs: ['您的包裹已交给承运商，正在路上。', '凭下面的运单号可以在承运商处查询物流。'],
    details: [
      ['订单号', '{{ orderId }}'],
      ['承运商', '{{ carrier }}'],
      ['运单号', '{{ number }}'],
    ],
  },
  en: {
    subject: 'Your parcel is on its way (waybill {{ number }})',
    paragraphs: [
      'Your parcel is with the carrier and on its way to you.',
      'The number below lets you follow it on the carrier’s site.',
    ],
    details: [
      ['Order', '{{ orderId }}'],
      ['Carrier', '{{ carrier }}'],
      ['Waybill number', '{{ number }}'],
    ],
  },
};
