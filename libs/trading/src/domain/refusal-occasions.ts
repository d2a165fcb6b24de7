/** When each refusal happens, for the reference; and where it is not plain, why a retry can or cannot help. */
export const OCCASIONS = {
  'unknown-sku': 'A line names a SKU that the catalogue does not have.',
  'unknown-coupon': 'A code is not one that is given out.',
  'mixed-currencies': 'The ordered SKUs have prices in different currencies.',
  'unknown-quote': '`quoteHash` is not one that was given out, or its quote was forgotten.',
  'price-changed': 'The quote has expired or is of another basket; `quote` is the new one, for the buyer to agree to.',
  'amount-too-large': 'The total is beyond 2^53-1 minor units.',
  'insufficient-stock':
    'More units are asked for than are free; `skus` names each. Units come back when holds expire, orders are cancelled or goods arrive.',
  'stock-reserved':
    '`onHand` would be lower than what is held for orders. Not to be repeated as it is: the number was counted before the units moved.',
  'shortfall-exceeds-stock':
    'More units are reported missing than the books say are in the house: the count, or the SKU, is another one.',
  'too-many-units': 'The SKU would have more than 2^53-1 units.',
  'unknown-order': 'No order has this identifier.',
  'illegal-transition': 'The lifecycle has no such move; `from`, `event` and `allowed` tell.',
  'unknown-line': 'The order has no line of this number; `lines` names them.',
  'insufficient-units': 'More units of a line are asked for than are left for this; `lines` tells how many are.',
  'partial-cancel-unpaid': 'Some units of an order are cancelled before it is paid; once it is, that can be done.',
  'fulfilled-automatically': 'Parcels are asked for of an order that was not checked out with `fulfilment: manual`.',
  'unknown-payment-method': '`paymentMethod` names no gateway of this installation.',
  'unknown-gateway': 'The address names no gateway of this installation.',
  'invalid-signature':
    'The signature is missing, old, or made with another secret or over other bytes. Nothing is stored.',
  'malformed-callback': 'The message is signed and yet not in the format of the gateway.',
  'not-capturable': 'Nothing is authorised, or all of it is captured or let go already.',
  'capture-exceeds-authorized':
    'The amount is larger than what is authorised and not captured, or in another currency.',
  'not-voidable': 'Nothing is authorised that is not captured or let go already.',
  'payment-operation-open':
    'An authorisation, capture or void of this payment has no outcome yet; once it has one, the next can begin.',
  'manual-capture-not-offered': '`capture: manual` was asked of a gateway that captures as the buyer pays.',
  'not-refundable': 'Nothing was captured, or all of it is given back or on its way back.',
  'refund-exceeds-captured': 'The amount is larger than what is left, or in another currency; `refundable` tells.',
  'amount-or-lines': 'A refund names both an amount and lines.',
  'unknown-return': 'No return has this identifier.',
  'illegal-return-step': 'A return is received once, and decided once after that; `from` tells where it is.',
  'invalid-decision': 'A decision leaves units of the return out, names others, or puts rejected ones on the shelf.',
  'unknown-refund': 'No refund has this identifier.',
  'malformed-sku': 'A SKU has 1 to 64 printable ASCII characters.',
  'unknown-buyer': 'No buyer has this identifier.',
  'malformed-buyer-id': 'A buyer is put under an identifier that is neither `buy_…` nor a UUID.',
  'malformed-member-number': 'A member number is a signed 64-bit integer, in JSON a string of digits.',
  'member-number-taken': 'A buyer is given the member number of another one.',
  'nickname-too-long': 'A nickname has at most 32 bytes of UTF-8; `bytes` tells how many came.',
  'malformed-nickname': 'A nickname is empty, has spaces at its ends or characters that cannot be shown.',
  'level-out-of-range': 'A level is an integer from 0 to 100.',
  'nothing-to-record': 'An entry of 0 points or of no money would say nothing.',
  'insufficient-balance': 'The buyer has less stored value than the payment needs.',
  'buyer-required': 'Stored value belongs to a buyer, and the checkout names none.',
  'login-in-future':
    'The time of a login is more than five minutes ahead of ours; it passes when our clock gets there.',
  'malformed-region': 'A region has 1 to 32 letters, digits and dashes.',
  'coupon-not-applicable':
    'The coupon belongs to a promotion that this basket does not meet, or is beaten by a better one.',
  'coupon-exhausted':
    'The coupon was used as often as it may; a use comes back when its order is cancelled or expires.',
  'coupon-exists': 'A coupon is made with a code that is given out already, in whatever case.',
  'promotion-takes-no-coupon': 'A coupon is made for a promotion without the condition `coupon`.',
  'unknown-promotion': 'No promotion has this identifier.',
  'promotion-changed': 'Somebody else changed the promotion since it was read; `version` is the one that counts.',
  'promotion-stopped': 'A promotion that was stopped is not changed any more; make a new one.',
  'order-declined':
    'A risk policy declines the checkout; which one and why is not told. Nothing is kept of it but that.',
  'order-in-review': 'A capture is asked for before the order was approved; once it is, that can be done.',
  'unknown-risk-policy': 'No risk policy has this identifier, or it was removed.',
  'unknown-risk-review': 'No risk policy wanted the order looked at.',
  'unknown-list-entry': 'Neither the block nor the allow list has an entry with this identifier.',
  'risk-review-decided':
    'Somebody else, the deadline or a cancellation decided the review first; `decision` tells how.',
  'backtest-running': 'A process runs one backtest at a time; the other one ends within its time limit.',
  'malformed-statement':
    'The statement is empty, not UTF-8, lacks its header or has a bad line; `errors` names the first 20 places. None of it is compared.',
  'no-statement': 'The gateway keeps its money here, as `balance` does: there is no other side to compare with.',
  'reconciliation-running':
    'One statement at a time is reconciled in each process; when it is done, the next one is taken.',
  'unknown-payment': 'No payment has this identifier.',
} as const;
