import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRateBuckets1767225600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A token bucket is the time at which it will be full again; one that is full needs no row. Updated in place: no index
      -- but the key, and room on the page.
      CREATE TABLE http.rate_bucket (
        key text COLLATE "C" PRIMARY KEY,
        full_at timestamptz NOT NULL,
        -- What the last taker was given.
        granted integer NOT NULL
      ) WITH (fillfactor = 50);

      -- Takes the tokens wanted now, as many as there are, and when there are enough some more ahead. Those may be spent until
      -- "keeps" has passed, and count as spent at its very end: so no more than the limit are spent in any stretch of time.
      CREATE FUNCTION http.take_tokens(full_at timestamptz, at timestamptz, spacing interval, burst integer,
                                       wanted integer, ahead integer, keeps interval)
        RETURNS TABLE (new_full_at timestamptz, granted integer) LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN more > 0 THEN later + more * spacing ELSE base + enough * spacing END, enough + more
          FROM (SELECT greatest(full_at, at) AS base, at + burst * spacing AS brim,
                       extract(epoch FROM spacing) AS seconds) AS b,
               LATERAL (SELECT least(wanted, floor(extract(epoch FROM brim - base) / seconds + 0.000001)::integer) AS enough),
               LATERAL (SELECT greatest(base + enough * spacing, at + keeps) AS later),
               LATERAL (SELECT CASE WHEN enough < wanted THEN 0 ELSE
                 greatest(0, least(ahead, floor(extract(epoch FROM brim - later) / seconds + 0.000001)::integer)) END AS more)
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE http.rate_bucket; DROP FUNCTION http.take_tokens');
  }
}
