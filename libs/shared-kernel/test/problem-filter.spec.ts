import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemFilter } from '../src/http/problem-filter';
import { loggedError } from '../src/observability/logger';

describe('a breakage in a request', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is logged with its whole chain of causes, of which the caller is told none', () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    let sent = '';
    const reply = { header: () => reply, hasHeader: () => false, status: () => reply, type: () => reply } as object;
    Object.assign(reply, { send: (text: string) => (sent = text) });
    const root = Object.assign(new Error('relation "sku" does not exist'), { code: '42P01' });
    const thrown = new Error('the SKU cannot be read', { cause: new Error('the statement failed', { cause: root }) });

    const request = { id: 'req_1', method: 'GET', url: '/v1/skus/SKU-1', routeOptions: { url: '/v1/skus/:sku' } };
    new ProblemFilter().answer(thrown, request as FastifyRequest, reply as FastifyReply);

    const [line] = error.mock.calls[0] as [{ err: unknown }];
    expect(line).toMatchObject({ msg: 'internal-error', method: 'GET', route: '/v1/skus/:sku' });
    expect(loggedError(line.err)).toMatchObject({
      message: 'the SKU cannot be read',
      cause: { message: 'the statement failed', cause: { code: '42P01', message: root.message } },
    });
    expect(JSON.parse(sent)).toMatchObject({ code: 'internal-error', requestId: 'req_1' });
    expect(sent).not.toMatch(/sku cannot|statement|relation/i);
  });
});
