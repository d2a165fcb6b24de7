import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdempotencyKeys1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA http;
      CREATE TABLE http.idempotency_key (
        scope text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        fingerprint text NOT NULL,
        status integer NOT NULL,
        -- JSON that nobody reads here: the type json would have it parsed with every request.
        body text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (scope, key)
      );
      CREATE INDEX idempotency_key_expiry ON http.idempotency_key (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA http CASCADE');
  }
}
