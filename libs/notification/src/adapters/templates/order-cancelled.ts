import type { Translations } from './wording';

/** The reason is not shown: it is written for colleagues. */
export const orderCancelled: Translations = {
  'zh-CN': {
    subject: '您的订单已取消（订单 {{ orderId }}）',
    paragraphs: [
      '您的订单已取消，不会再发货。',
      '{% if from == "paid" %}您支付的款项将原路退回，退款完成后我们会再通知您。{% else %}您没有为此订单付款，无需再做任何操作。{% endif %}',
    ],
    details: [['订单号', '{{ orderId }}']],
  },
  en: {
    subject: 'Your order has been cancelled (order {{ orderId }})',
    paragraphs: [
      'Your order has been cancelled and will not be shipped.',
      '{% if from == "paid" %}What you paid goes back the way it came; we will write again when that is done.{% else %}You have not been charged, and there is nothing left to do.{% endif %}',
    ],
    details: [['Order', '{{ orderId }}']],
  },
};
