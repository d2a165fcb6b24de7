/** Where a consignment is, in our words; carriers' codes are translated into these and nothing else. */
export const WAYBILL_STATUSES = [
  'CREATED',
  'PICKED_UP',
  'IN_TRANSIT',
  'OUT_FOR_DELIVERY',
  'READY_FOR_PICKUP',
  'DELIVERED',
  'DELIVERY_FAILED',
  'EXCEPTION',
  'RETURNING',
  'RETURNED',
  'CANCELLED',
  'UNKNOWN',
] as const;

export type WaybillStatus = (typeof WAYBILL_STATUSES)[number];

const ON_ITS_WAY = ['PICKED_UP', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'READY_FOR_PICKUP'] as const;
const TROUBLE = ['EXCEPTION', 'DELIVERY_FAILED'] as const;
const ANYWHERE = [...ON_ITS_WAY, ...TROUBLE, 'DELIVERED', 'RETURNING', 'RETURNED', 'CANCELLED'] as const;

/**
 * Which milestone may follow which. Carriers skip and repeat steps, so nearly everything may; what may not is the point:
 * a delivered parcel only comes back, a returned or cancelled one goes nowhere. UNKNOWN is a scan's status, never a
 * waybill's.
 */
export const WAYBILL_MOVES: Readonly<Record<WaybillStatus, readonly WaybillStatus[]>> = {
  CREATED: ANYWHERE,
  PICKED_UP: ANYWHERE,
  IN_TRANSIT: ANYWHERE,
  OUT_FOR_DELIVERY: ANYWHERE,
  READY_FOR_PICKUP: ANYWHERE,
  DELIVERY_FAILED: ANYWHERE,
  EXCEPTION: ANYWHERE,
  RETURNING: ANYWHERE,
  DELIVERED: ['RETURNING', 'RETURNED'],
  RETURNED: [],
  CANCELLED: [],
  UNKNOWN: [],
};

/** Order of milestones that carry the same time: a day's journey as it normally goes. Each status has its own rank. */
export const WAYBILL_RANK: Readonly<Record<WaybillStatus, number>> = {
  UNKNOWN: 0,
  CREATED: 1,
  PICKED_UP: 2,
  IN_TRANSIT: 3,
  OUT_FOR_DELIVERY: 4,
  READY_FOR_PICKUP: 5,
  EXCEPTION: 6,
  DELIVERY_FAILED: 7,
  DELIVERED: 8,
  RETURNING: 9,
  RETURNED: 10,
  CANCELLED: 11,
};

/** Milestones that prove the parcel to be in the carrier's hands, also when the pickup scan was lost. */
export const DISPATCHED: ReadonlySet<WaybillStatus> = new Set<WaybillStatus>([
  ...ON_ITS_WAY,
  'DELIVERED',
  'DELIVERY_FAILED',
  'RETURNING',
  'RETURNED',
]);

export const isTrouble = (status: WaybillStatus): boolean => (TROUBLE as readonly WaybillStatus[]).includes(status);

/** Nothing more is to be expected from the carrier. */
export const isFinal = (status: WaybillStatus): boolean => WAYBILL_MOVES[status].length === 0;
