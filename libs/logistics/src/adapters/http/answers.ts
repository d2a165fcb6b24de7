import { ApiProperty } from '@nestjs/swagger';
import { WAYBILL_STATUSES, type WaybillStatus } from '../../domain/waybill-status';

const STATUS = { enum: WAYBILL_STATUSES, enumName: 'WaybillStatus' };
const TIME = { type: String, format: 'date-time' };
const NUMBER = { type: String, example: 'SF4406512873912' };

export class ParcelAnswer {
  @ApiProperty({
    ...NUMBER,
    description: "The parcel's number at the carrier; null until the booking is answered.",
    nullable: true,
  })
  number: string | null;

  @ApiProperty({ ...STATUS, description: 'Where the parcel is.', example: 'IN_TRANSIT' })
  status: WaybillStatus;
}

export const BOOKING_STATES = ['waiting', 'booked', 'failed', 'stuck', 'withdrawn'] as const;
export type BookingState = (typeof BOOKING_STATES)[number];

export class WaybillAnswer {
  @ApiProperty({ description: 'Identifier of the waybill.', example: 'wbl_01kaqz3v8pe5ws3v1x2m9c6r4t' })
  id: string;

  @ApiProperty({ description: 'The order that it carries.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;

  @ApiProperty({
    description: 'The fulfilment that it carries; null when it carries the whole order.',
    type: String,
    nullable: true,
    example: null,
  })
  fulfilmentId: string | null;

  @ApiProperty({ description: 'Who moves it.', enum: ['SF', 'ZTO'], example: 'SF' })
  carrier: string;

  @ApiProperty({ ...NUMBER, description: "The carrier's number; null until the booking is answered.", nullable: true })
  number: string | null;

  @ApiProperty({ ...STATUS, description: 'Folded from the scans known.', example: 'IN_TRANSIT' })
  status: WaybillStatus;

  @ApiProperty({
    description: 'Says more about the status, when the carrier did.',
    type: String,
    nullable: true,
    example: 'customs_released',
  })
  subStatus: string | null;

  @ApiProperty({ description: 'The parcels of the consignment.', type: [ParcelAnswer] })
  parcels: ParcelAnswer[];

  @ApiProperty({
    description:
      '`waiting`: the carrier was not reached yet or has not answered; `booked`; `failed`: it refused, or gave a number that another order has; `stuck`: no outcome, ' +
      'a person has to look; `withdrawn`: what it carries was cancelled before anything was booked.',
    enum: BOOKING_STATES,
    enumName: 'BookingState',
    example: 'booked',
  })
  bookingState: BookingState;

  @ApiProperty({
    description: 'Why the last attempt at booking brought no number.',
    type: String,
    nullable: true,
    example: null,
  })
  bookingError: string | null;

  @ApiProperty({
    ...TIME,
    description: 'When the order was paid or the fulfilment requested, as Logistics heard it.',
    example: '2026-11-23T02:00:00.000Z',
  })
  createdAt: string;
}

export class WaybillsAnswer {
  @ApiProperty({ description: 'Oldest first.', type: [WaybillAnswer] })
  data: WaybillAnswer[];
}

export class ScanAnswer {
  @ApiProperty({ ...TIME, description: 'When it happened, as the carrier says.', example: '2026-11-23T02:00:00.000Z' })
  at: string;

  @ApiProperty({ description: 'The carrier named no time zone; China (UTC+8) was assumed.', example: true })
  zoneAssumed: boolean;

  @ApiProperty({ description: "The carrier's own code.", example: '50' })
  code: string;

  @ApiProperty({
    ...STATUS,
    description: 'What we take the code for; UNKNOWN when no mapping knows it.',
    example: 'PICKED_UP',
  })
  status: WaybillStatus;

  @ApiProperty({ description: 'Says more about the status.', type: String, nullable: true, example: null })
  subStatus: string | null;

  @ApiProperty({ description: "The carrier's words.", type: String, nullable: true, example: '顺丰速运 已收取快件' })
  text: string | null;

  @ApiProperty({ description: 'Where it happened.', type: String, nullable: true, example: '深圳市' })
  location: string | null;

  @ApiProperty({
    description: 'Version of the status mapping used; null when it did not know the code.',
    type: Number,
    nullable: true,
    example: 1,
  })
  mappingVersion: number | null;
}

export class TrackedWaybillAnswer extends WaybillAnswer {
  @ApiProperty({ description: 'What the carrier reported, in the order in which it happened.', type: [ScanAnswer] })
  events: ScanAnswer[];
}

export class UnmappedCodeAnswer {
  @ApiProperty({ description: 'What kind of code it is.', example: 'opCode' })
  namespace: string;

  @ApiProperty({ description: 'The code as the carrier sent it.', example: '9999' })
  code: string;

  @ApiProperty({ description: 'How many scans had it.', example: 3 })
  count: number;

  @ApiProperty({ ...TIME, description: 'When it came first.', example: '2026-11-23T02:00:00.000Z' })
  firstSeenAt: string;

  @ApiProperty({ ...TIME, description: 'When it came last.', example: '2026-11-23T05:30:00.000Z' })
  lastSeenAt: string;
}
