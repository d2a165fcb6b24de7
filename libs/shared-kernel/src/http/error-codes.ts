import { errorCodes } from '../core/errors';

/** Codes that any endpoint may answer. */
export const httpRefusal = errorCodes({
  'malformed-body': {
    status: 400,
    title: 'The body is not JSON that this service takes',
    when: 'The body is not UTF-8 or not a JSON object, is nested too deep, or holds control characters.',
    retryable: false,
  },
  'invalid-request': {
    status: 400,
    title: 'The request has missing, wrong or unknown fields',
    when: 'A field, parameter or header breaks its rule or is not known; `errors` has a JSON pointer for each.',
    retryable: false,
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not one that this list gave out',
    when: '`cursor` did not come from `nextCursor` of the same list.',
    retryable: false,
  },
  'bad-request': {
    status: 400,
    title: 'The request cannot be read',
    when: 'The address, a header or the transfer of the body breaks the rules of HTTP.',
    retryable: false,
  },
  'idempotency-key-missing': {
    status: 400,
    title: 'The Idempotency-Key header is required here',
    when: 'A request that moves money, stock or goods has no key.',
    retryable: false,
  },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key header takes 1 to 255 printable ASCII characters',
    when: 'The key is longer, or has other characters.',
    retryable: false,
  },
  'not-found': {
    status: 404,
    title: 'There is nothing at this address',
    when: 'No route has this address.',
    retryable: false,
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take this method',
    when: '`Allow` names the methods that this address takes.',
    retryable: false,
  },
  'request-in-progress': {
    status: 409,
    title: 'The first request with this key is still running',
    when: 'A repeat came before the first answer; once that is there, the repeat gets it.',
    retryable: true,
  },
  'body-too-large': {
    status: 413,
    title: 'The body is larger than this service takes',
    when: 'The body is larger than 512 KB, or than the limit that the endpoint names.',
    retryable: false,
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The content type is not one that this address takes',
    when: 'The body is not `application/json`, or not what the endpoint names.',
    retryable: false,
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'This Idempotency-Key came with another body before',
    when: 'The key belongs to another request, whose effect it would repeat.',
    retryable: false,
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests; Retry-After tells when the next one is taken',
    when: 'More requests came than the limit named in `limit` lets through; see `Retry-After`.',
    retryable: true,
  },
  'internal-error': {
    status: 500,
    title: 'The service failed; the request id leads to the cause',
    when: 'A fault of ours. The transaction was undone, so a repeat has no second effect; it helps if the fault was a passing one.',
    retryable: true,
  },
  'service-unavailable': {
    status: 503,
    title: 'A part that this request needs is not reachable',
    when: 'The database is away, starting or out of connections.',
    retryable: true,
  },
  'deadline-exceeded': {
    status: 503,
    title: 'The request ran out of its time; repeat it with the same key to learn what became of it',
    when: 'Locks, the queue or the database took longer than the time budget. Either all of the effect is there or none.',
    retryable: true,
  },
});
