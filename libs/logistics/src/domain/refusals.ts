import { errorCodes } from '@tradewind/shared-kernel';

export const refusal = errorCodes({
  'unknown-carrier': { status: 404, title: 'No carrier of this name is connected', retryable: false },
  'unknown-waybill': { status: 404, title: 'No waybill has this number', retryable: false },
  'carrier-signature-invalid': {
    status: 401,
    title: 'The message does not prove that the carrier sent it',
    retryable: false,
  },
  'carrier-message-malformed': {
    status: 400,
    title: 'The message is not in the format of this carrier',
    retryable: false,
  },
});
