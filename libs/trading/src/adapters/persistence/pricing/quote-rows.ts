import { Injectable } from '@nestjs/common';
import { jsonSequence, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type PricedJson, pricedJson, pricedOf } from '../../../domain/pricing/pricing-json';
import { type Quote, type QuotedRequest, Quotes } from '../../../domain/pricing/quote';

interface QuoteRow extends Record<string, unknown> {
  hash: string;
  request: QuotedRequest;
  priced: PricedJson;
  expiresAt: Date;
}

@Injectable()
export class QuoteRows extends Quotes {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async find(hashes: readonly string[]): Promise<ReadonlyMap<string, Quote>> {
    if (hashes.length === 0) return new Map();
    const rows = await this.unitOfWork.query<QuoteRow>(
      `SELECT hash, content->'request' AS request, content->'priced' AS priced, expires_at AS "expiresAt"
         FROM trading.quote WHERE hash = ANY($1::text[])`,
      [hashes],
    );
    return new Map(rows.map((row) => [row.hash, { ...row, priced: pricedOf(row.priced) }]));
  }

  add(quotes: readonly Quote[]): Promise<unknown> {
    return this.unitOfWork.query(
      `INSERT INTO trading.quote (hash, expires_at, content)
       SELECT hash, expires_at, content::json
         FROM unnest($1::text[], $2::timestamptz[], string_to_array($3, chr(30))) AS q(hash, expires_at, content)
       ON CONFLICT DO NOTHING`,
      [
        quotes.map(({ hash }) => hash),
        quotes.map(({ expiresAt }) => expiresAt),
        jsonSequence(quotes.map(({ request, priced }) => JSON.stringify({ request, priced: pricedJson(priced) }))),
      ],
    );
  }

  async forget(expiredBefore: Date, limit: number): Promise<number> {
    const rows = await this.unitOfWork.query(
      `DELETE FROM trading.quote WHERE hash IN (
         SELECT hash FROM trading.quote WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
       RETURNING hash`,
      [expiredBefore, limit],
    );
    return rows.length;
  }
}
