import { QueryFailedError } from 'typeorm';
import { loggedError } from '../src/observability/logger';

const secret = '王小明';

describe('an error in the log', () => {
  it('shows what failed and none of the values of rows', () => {
    const fromPostgres = Object.assign(new Error('duplicate key value violates unique constraint "buyer_name"'), {
      code: '23505',
      constraint: 'buyer_name',
      detail: `Key (name)=(${secret}) already exists.`,
      where: `row ${secret}`,
    });
    const error = new QueryFailedError(`INSERT INTO buyer VALUES ('${secret}')`, [secret], fromPostgres);
    const logged = loggedError(new Error('not saved', { cause: error }));
    expect(logged).toMatchObject({
      type: 'Error',
      message: 'not saved',
      stack: expect.stringContaining('logged-error.spec'),
      cause: { type: 'QueryFailedError', message: fromPostgres.message, code: '23505', constraint: 'buyer_name' },
    });
    expect(JSON.stringify(logged)).not.toContain(secret);
  });

  it('ends where causes go round in a circle', () => {
    const error = new Error('one');
    error.cause = new Error('two', { cause: error });
    expect(JSON.stringify(loggedError(error))).toContain('two');
  });

  it('is whatever was thrown when that is no error', () => {
    expect(loggedError('text')).toBe('text');
  });
});
