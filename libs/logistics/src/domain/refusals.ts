import { errorCodes } from '@tradewind/shared-kernel';

export const refusal = errorCodes({
  'unknown-carrier': {
    status: 404,
    title: 'No carrier of this name is connected',
    when: 'The address names no carrier of this installation.',
    retryable: false,
  },
  'unknown-waybill': {
    status: 404,
    title: 'No waybill has this number',
    when: 'No carrier gave this number to one of our waybills.',
    retryable: false,
  },
  'carrier-signature-invalid': {
    status: 401,
    title: 'The message does not prove that the carrier sent it',
    when: 'The secret in the path or the digest of the message is wrong or missing.',
    retryable: false,
  },
  'carrier-message-malformed': {
    status: 400,
    title: 'The message is not in the format of this carrier',
    when: 'The body cannot be read as this carrier writes it.',
    retryable: false,
  },
});
