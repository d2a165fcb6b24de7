const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

/** SQLSTATE of an error from PostgreSQL, also when TypeORM wrapped it. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  const driverError = (error as { driverError?: unknown } | null)?.driverError;
  return driverError ? sqlState(driverError) : undefined;
}

/** The same transaction can succeed when it is simply run again. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (sqlState(error) !== UNIQUE_VIOLATION) return false;
  const found = (error as { constraint?: string }).constraint;
  return constraint === undefined || found === constraint;
}

/** A lock or a statement took longer than it may: the transaction is undone, and may well succeed later. */
export function isOutOfTime(error: unknown): boolean {
  const state = sqlState(error);
  return state === LOCK_NOT_AVAILABLE || state === QUERY_CANCELED;
}

/** PostgreSQL is away, starting, stopping or full: nothing is known to be wrong with the request. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (
    state &&
    /^(08|57P0|53)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/.test(state)
  )
    return true;
  return (
    error instanceof Error &&
    /Connection terminated|not queryable|Query runner already released|timeout exceeded when trying to connect/.test(
      error.message,
    )
  );
}
