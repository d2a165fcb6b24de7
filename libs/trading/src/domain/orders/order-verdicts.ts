import type { LateHandling } from '../../contract';

/**
 * What news of its payment means to an order. `late`: money arrived although the order was cancelled; `parked`: it arrived
 * while the order waits for a reviewer; `mismatch`: another amount, currency or reference than there should be; `repeated`:
 * known already.
 */
export type PaymentVerdict =
  'paid' | 'authorized' | 'declined' | 'voided' | 'late' | 'parked' | 'repeated' | 'mismatch';

/** `holdUntil`: how long the units of an authorised order are held for its captures. `late`: what becomes of late money. */
export interface PaymentTerms {
  holdUntil?: Date;
  late?: LateHandling;
}

/** Who decided a review: a person, or the deadline's default. */
export type ReviewDecider = 'reviewer' | 'deadline';
