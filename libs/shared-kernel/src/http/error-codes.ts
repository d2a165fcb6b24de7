import { errorCodes } from '../core/errors';

/** Codes that any endpoint may answer. */
export const httpRefusal = errorCodes({
  'malformed-body': { status: 400, title: 'The body is not JSON that this service takes', retryable: false },
  'invalid-request': { status: 400, title: 'The request has missing, wrong or unknown fields', retryable: false },
  'invalid-cursor': { status: 400, title: 'The cursor is not one that this list gave out', retryable: false },
  'bad-request': { status: 400, title: 'The request cannot be read', retryable: false },
  'idempotency-key-missing': { status: 400, title: 'The Idempotency-Key header is required here', retryable: false },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key header takes 1 to 255 printable ASCII characters',
    retryable: false,
  },
  'not-found': { status: 404, title: 'There is nothing at this address', retryable: false },
  'method-not-allowed': { status: 405, title: 'This address does not take this method', retryable: false },
  'request-in-progress': { status: 409, title: 'The first request with this key is still running', retryable: true },
  'body-too-large': { status: 413, title: 'The body is larger than this service takes', retryable: false },
  'unsupported-media-type': {
    status: 415,
    title: 'The content type is not one that this address takes',
    retryable: false,
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'This Idempotency-Key came with another body before',
    retryable: false,
  },
  'internal-error': { status: 500, title: 'The service failed; the request id leads to the cause', retryable: true },
  'service-unavailable': { status: 503, title: 'A part that this request needs is not reachable', retryable: true },
  'deadline-exceeded': {
    status: 503,
    title: 'The request ran out of its time; repeat it with the same key to learn what became of it',
    retryable: true,
  },
});
