/** What requests must look like. Values are not coerced; unknown fields of a body are dropped. */
const identifier = { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,100}$' };
const currency = { type: 'string', pattern: '^[A-Z]{3}$' };
const amount = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const shortText = { type: 'string', minLength: 1, maxLength: 100 };
const longText = { type: 'string', maxLength: 500 };

const idempotencyKey = {
  type: 'object',
  required: ['idempotency-key'],
  properties: { 'idempotency-key': { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' } },
};

export const paymentPageSchema = {
  params: { type: 'object', properties: { paymentId: identifier } },
  querystring: {
    type: 'object',
    required: ['amount', 'currency', 'orderId', 'sig'],
    properties: {
      amount: { type: 'string', pattern: '^(0|[1-9][0-9]{0,14})$' },
      currency,
      orderId: identifier,
      capture: { enum: ['manual'] },
      sig: { type: 'string' },
    },
  },
};

export const decisionSchema = {
  ...paymentPageSchema,
  body: { type: 'object', required: ['outcome'], properties: { outcome: { enum: ['paid', 'declined'] } } },
};

export const refundSchema = operationSchema();
export const voidSchema = operationSchema();
export const captureSchema = operationSchema({ final: { type: 'boolean' } });

export const statementSchema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { from: { type: 'string', format: 'date-time' }, to: { type: 'string', format: 'date-time' } },
  },
};

export const bookingSchema = {
  headers: idempotencyKey,
  body: {
    type: 'object',
    required: ['orderId', 'recipient', 'parcels'],
    properties: {
      orderId: identifier,
      recipient: { type: 'object' },
      parcels: { type: 'array', items: { type: 'object' } },
    },
  },
};

export const askingSchema = {
  querystring: { type: 'object', required: ['orderId'], properties: { orderId: identifier } },
};

export const scanSchema = {
  params: { type: 'object', properties: { number: identifier } },
  querystring: { type: 'object', properties: { orphan: { enum: ['0', '1'] } } },
  body: {
    type: 'object',
    required: ['code'],
    additionalProperties: false,
    properties: {
      code: shortText,
      at: { type: 'string', format: 'date-time' },
      place: longText,
      text: longText,
      reasonCode: shortText,
      firstStatusCode: shortText,
      secondaryStatusCode: shortText,
    },
  },
};

function operationSchema(more: object = {}) {
  return {
    headers: idempotencyKey,
    body: {
      type: 'object',
      required: ['reference', 'payment', 'amount', 'currency'],
      additionalProperties: false,
      properties: { reference: identifier, payment: identifier, amount, currency, ...more },
    },
  };
}
