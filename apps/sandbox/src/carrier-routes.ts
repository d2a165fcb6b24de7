import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CarrierCode, Waybill } from './books';
import { FORMATS } from './carrier-formats';
import type { ScanRequest } from './carriers';
import { strikesAfter, strikesBefore } from './hanging';
import type { Parts } from './parts';
import { askingSchema, bookingSchema, scanSchema } from './schemas';

interface OfCarrier {
  Params: { carrier: CarrierCode };
}
interface OfWaybill {
  Params: { carrier: CarrierCode; number: string };
}
interface Booking extends OfCarrier {
  Headers: { 'idempotency-key': string };
  Body: { orderId: string };
}

/** The carriers' interface for shippers, under `/carriers/{SF|ZTO}`; `…/scans` is what makes a parcel move. */
export function carrierRoutes({ ledger: { books }, faults, timers, carriers }: Parts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.addHook<OfCarrier>('onRequest', async ({ params }, reply) => {
      if (!Object.hasOwn(FORMATS, params.carrier)) await reply.code(404).send({ error: 'the carriers are SF and ZTO' });
    });

    app.post<Booking>('/waybills', { schema: bookingSchema }, async ({ params, headers, body }, reply) => {
      const key = headers['idempotency-key'];
      const earlier = books.waybillByKey(params.carrier, key);
      if (earlier && earlier.orderId !== body.orderId) {
        return reply.code(409).send({ error: 'the idempotency key belongs to another order' });
      }
      const fault = faults.take('carrier.book', [body.orderId, key, ...(earlier ? [earlier.number] : [])]);
      if (strikesBefore(fault, reply, timers)) return reply;
      const waybill = earlier ?? carriers.book(params.carrier, key, body.orderId);
      if (strikesAfter(fault, reply, timers)) return reply;
      if (fault?.kind === 'no-number') return reply.code(202).send({ status: 'pending' });
      return reply.code(earlier ? 200 : 201).send(waybillView(waybill));
    });

    app.get<OfCarrier & { Querystring: { orderId: string } }>(
      '/waybills',
      { schema: askingSchema },
      async ({ params, query }, reply) => {
        const waybill = books.waybillByOrder(params.carrier, query.orderId);
        return waybill ? waybillView(waybill) : unknownWaybill(reply);
      },
    );

    app.post<OfWaybill>('/waybills/:number/cancel', async ({ params }, reply) => {
      const waybill = books.waybill(params.carrier, params.number);
      if (!waybill) return unknownWaybill(reply);
      if (carriers.cancel(waybill) === 'cancelled') return { number: waybill.number, status: 'cancelled' };
      return reply.code(409).send({ error: 'the parcel was already picked up' });
    });

    app.post<OfWaybill & { Querystring: { orphan?: '0' | '1' }; Body: ScanRequest }>(
      '/waybills/:number/scans',
      { schema: scanSchema },
      async ({ params: { carrier, number }, query, body }, reply) => {
        if (!books.waybill(carrier, number) && query.orphan !== '1') return unknownWaybill(reply);
        if (body.at !== undefined && Number.isNaN(Date.parse(body.at))) {
          return reply.code(400).send({ error: 'body/at is no time that exists' });
        }
        return reply.code(202).send(carriers.scan(carrier, number, body));
      },
    );

    app.get<OfWaybill>('/waybills/:number/routes', async ({ params: { carrier, number } }, reply) => {
      const scans = books.scans(carrier, number);
      const known = scans.length > 0 || books.waybill(carrier, number);
      return known ? FORMATS[carrier].routes(scans) : unknownWaybill(reply);
    });
  };
}

function waybillView({ carrier, number, status }: Waybill) {
  return { carrier, number, status };
}

function unknownWaybill(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'no such waybill' });
}
