import { errorCodes } from '@tradewind/shared-kernel';

/** Why Trading says no. */
export const refusal = errorCodes({
  'unknown-sku': { status: 422, title: 'An ordered SKU is not in the catalogue', retryable: false },
  'unknown-coupon': { status: 422, title: 'A coupon is not known', retryable: false },
  'mixed-currencies': { status: 422, title: 'The SKUs of one order must share one currency', retryable: false },
  'amount-too-large': { status: 422, title: 'The total is beyond what can be charged', retryable: false },
  'insufficient-stock': { status: 409, title: 'Not enough units are available', retryable: true },
  'stock-reserved': { status: 409, title: 'More units are reserved than that', retryable: false },
  'unknown-order': { status: 404, title: 'There is no such order', retryable: false },
  'illegal-transition': { status: 409, title: 'The order cannot make this move from where it is', retryable: false },
  'unknown-payment-method': { status: 422, title: 'This payment method is not offered', retryable: false },
  'unknown-gateway': { status: 404, title: 'There is no such payment gateway', retryable: false },
  'invalid-signature': { status: 401, title: 'The message is not signed by the gateway', retryable: false },
  'malformed-callback': { status: 400, title: 'The message is not one that the gateway sends', retryable: false },
  'not-capturable': { status: 409, title: 'No authorised amount is left to capture', retryable: false },
  'capture-exceeds-authorized': { status: 422, title: 'The capture is larger than what is left', retryable: false },
  'not-voidable': { status: 409, title: 'No authorised amount is left to let go', retryable: false },
  'payment-operation-open': { status: 409, title: 'Another operation of the payment is under way', retryable: true },
  'manual-capture-not-offered': { status: 422, title: 'This payment method captures at once', retryable: false },
  'not-refundable': { status: 409, title: 'No captured amount is left to give back', retryable: false },
  'refund-exceeds-captured': { status: 422, title: 'The refund is larger than what is left', retryable: false },
  'unknown-refund': { status: 404, title: 'There is no such refund', retryable: false },
  'malformed-sku': { status: 400, title: 'The SKU has characters or a length that is not taken', retryable: false },
  'unknown-payment': { status: 404, title: 'There is no such payment', retryable: false },
});
