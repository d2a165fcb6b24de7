import { type Id, idOf, isId } from '@tradewind/shared-kernel';
import { refusal } from '../../domain/refusals';

/** `buy_…` or a UUID. */
export const BUYER_ID = /^(buy_[0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})$/i;

/** Of a text that `BUYER_ID` takes. */
export function buyerIdOf(given: string): Id<'buy'> {
  const id = given.toLowerCase();
  return isId('buy', id) ? id : idOf('buy', id);
}

/** The buyer in the address; throws `unknown-buyer`. */
export function buyerInPath(given: string): Id<'buy'> {
  if (!BUYER_ID.test(given)) throw refusal('unknown-buyer', 'not the identifier of a buyer');
  return buyerIdOf(given);
}
