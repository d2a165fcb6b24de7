import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsCurrency, IsMinorUnits } from '@tradewind/shared-kernel/http';

/** Money in requests and answers. */
export class MoneyShape {
  @ApiProperty({ description: 'Integer minor units: 12990 is CNY 129.90.', example: 12990 })
  @IsMinorUnits()
  amount: number;

  @ApiProperty({ description: 'ISO 4217 code.', example: 'CNY' })
  @IsCurrency()
  currency: string;
}

/** A line of an order or a quote with its price. */
export class PricedLineShape {
  @ApiProperty({ description: 'Number of the line within the order, from 1.', example: 1 })
  lineNo: number;
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-1' })
  sku: string;
  @ApiProperty({ description: 'Units ordered.', example: 2 })
  quantity: number;
  @ApiProperty({ description: 'Price of one unit.' })
  unitPrice: MoneyShape;
  @ApiProperty({ description: 'Off this line, of every discount.' })
  discount: MoneyShape;
  @ApiProperty({ description: 'Tax in or on this line.' })
  tax: MoneyShape;
  @ApiProperty({ description: 'unitPrice × quantity - discount, plus the tax where prices exclude it.' })
  total: MoneyShape;
}

export class OrderLineShape extends PricedLineShape {
  @ApiProperty({ description: 'Units that were cancelled.', example: 0 })
  cancelled: number;
  @ApiProperty({ description: 'Units that a carrier has or had.', example: 0 })
  shipped: number;
  @ApiProperty({ description: 'Units that arrived.', example: 0 })
  delivered: number;
  @ApiProperty({ description: 'Units that came back.', example: 0 })
  returned: number;
  @ApiProperty({ description: 'Units whose price was given back by the line, or is on its way.', example: 0 })
  refunded: number;
}

/** What an order or a quote comes to. */
export class AmountsShape {
  @ApiProperty({ description: 'All lines before discounts.' })
  subtotal: MoneyShape;
  @ApiProperty({ description: 'Off all lines.' })
  discount: MoneyShape;
  @ApiProperty({ description: 'Charged for shipping.' })
  shipping: MoneyShape;
  @ApiProperty({ description: 'Tax in or on the lines and shipping.' })
  tax: MoneyShape;
  @ApiProperty({ description: 'Whether prices contain the tax.', example: false })
  taxIncluded: boolean;
  @ApiProperty({ description: 'subtotal - discount + shipping, plus the tax where prices exclude it.' })
  total: MoneyShape;
}

export const moment = (description: string, nullable = true) => ({
  description: `${description} RFC 3339, UTC.`,
  type: String,
  format: 'date-time',
  nullable,
  example: '2026-01-31T08:30:00.000Z',
});

export class OrderDiscountShape {
  @ApiProperty({ description: 'The promotion.', example: 'pro_01kc1xv8q1fwer8xv1wbq0z4a8' })
  promotionId: string;
  @ApiProperty({ description: 'Its version when the order was priced.', example: 1 })
  version: number;
  @ApiProperty({ description: 'Its name.', example: '10 % off from CNY 300' })
  name: string;
  @ApiProperty({ description: 'The coupon that it used up.', type: String, nullable: true, example: null })
  coupon: string | null;
  @ApiProperty({ description: 'What it took off the lines and the shipping.' })
  amount: MoneyShape;
}

export class OrderShape extends AmountsShape {
  @ApiProperty({ description: 'Identifier of the order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  id: string;
  @ApiProperty({ description: 'Counts the events of the order; also its ETag.', example: 3 })
  version: number;
  @ApiProperty({ description: 'Where the order is.', enum: ['created', 'paid', 'shipped', 'delivered', 'cancelled'] })
  status: string;
  @ApiProperty({
    description: 'Computed from the money facts.',
    enum: ['none', 'pending', 'authorized', 'paid', 'partially-refunded', 'refunded', 'failed'],
  })
  paymentStatus: string;
  @ApiProperty({
    description: 'Computed from the goods facts.',
    enum: ['none', 'partial', 'shipped', 'delivered', 'returned'],
  })
  fulfilmentStatus: string;
  @ApiProperty({
    description: 'Waits for a person to look at it: it may be paid, and ships once it is approved.',
    enum: ['pending'],
    nullable: true,
    example: null,
  })
  review: string | null;
  @ApiProperty({
    description: '`automatic`: shipped as a whole once it is paid; `manual`: as fulfilments are requested.',
    enum: ['automatic', 'manual'],
  })
  fulfilment: string;
  @ApiProperty({ description: 'What was ordered, and what became of it.', type: [OrderLineShape] })
  lines: OrderLineShape[];
  @ApiProperty({ description: 'The promotions that applied when it was priced.', type: [OrderDiscountShape] })
  discounts: OrderDiscountShape[];
  @ApiProperty({ description: 'The payment of this order.', example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' })
  paymentId: string;
  @ApiProperty({ description: 'The buyer, when known.', type: String, nullable: true, example: null })
  buyerId: string | null;
  @ApiProperty({ description: 'Carrier that the buyer chose.', type: String, nullable: true, example: 'SF' })
  carrier: string | null;
  @ApiProperty({ description: 'Region of the sale.', type: String, nullable: true, example: 'cn-south' })
  region: string | null;
  @ApiProperty(moment('When it was placed.', false))
  placedAt: string;
  @ApiProperty(moment('Until when its units are held while it is unpaid.', false))
  holdExpiresAt: string;
  @ApiProperty(moment('When it was paid.'))
  paidAt: string | null;
  @ApiProperty(moment('When the carrier had it.'))
  shippedAt: string | null;
  @ApiProperty(moment('When it arrived.'))
  deliveredAt: string | null;
  @ApiProperty(moment('When it was cancelled.'))
  cancelledAt: string | null;
  @ApiProperty({ description: 'Why it was cancelled.', type: String, nullable: true, example: null })
  cancelReason: string | null;
}

/** A problem document, for the reference. */
export class ProblemShape {
  @ApiProperty({ description: 'Where the code is explained.', example: '/errors#insufficient-stock' })
  type: string;
  @ApiProperty({ description: 'The code in words.', example: 'Not enough units are available' })
  title: string;
  @ApiProperty({ description: 'HTTP status.', example: 409 })
  status: number;
  @ApiProperty({ description: 'This occurrence.', example: 'short of SKU-1' })
  detail: string;
  @ApiProperty({ description: 'Path of the request.', example: '/v1/checkout' })
  instance: string;
  @ApiProperty({ description: 'Stable code to branch on.', example: 'insufficient-stock' })
  code: string;
  @ApiProperty({ description: 'Leads to the logs.', example: 'req_01kc1xv8q1fwer8xv1wbq0z4a7' })
  requestId: string;
  @ApiProperty({ description: 'Whether the same request can succeed later.', example: true })
  retryable: boolean;
  @ApiPropertyOptional({
    description: 'Each wrong field with its JSON pointer. Further members are told with their codes.',
    type: Object,
    isArray: true,
    example: [{ pointer: '/lines/0/quantity', detail: 'quantity must not be less than 1' }],
  })
  errors?: { pointer: string; detail: string }[];
}
