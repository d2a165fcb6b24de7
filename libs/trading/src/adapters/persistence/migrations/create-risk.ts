import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRisk1767225600160 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row: what subjects are hashed with, and a stamp that grows with every change of a policy.
      CREATE TABLE trading.risk_installation (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        salt bytea NOT NULL,
        stamp bigint NOT NULL DEFAULT 0
      );
      INSERT INTO trading.risk_installation (salt)
      VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

      CREATE TABLE trading.risk_policy (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        removed_at timestamptz
      );
      CREATE TABLE trading.risk_policy_version (
        policy_id uuid NOT NULL REFERENCES trading.risk_policy,
        version integer NOT NULL CHECK (version > 0),
        name text NOT NULL,
        kind text NOT NULL,
        parameters jsonb NOT NULL,
        mode text NOT NULL CHECK (mode IN ('enforce', 'shadow')),
        time_limit_ms integer NOT NULL CHECK (time_limit_ms > 0),
        on_failure text NOT NULL CHECK (on_failure IN ('open', 'closed', 'review')),
        enabled boolean NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (policy_id, version)
      );

      -- subject: ip:…, address:… and email:… with a keyed hash, buyer:… and sku:… as they are.
      CREATE TABLE trading.risk_list_entry (
        id uuid PRIMARY KEY,
        list text NOT NULL CHECK (list IN ('block', 'allow')),
        subject text COLLATE "C" NOT NULL,
        reason text,
        expires_at timestamptz,
        created_at timestamptz NOT NULL,
        UNIQUE (subject, list)
      );

      -- Whoever counts a subject's orders holds its row until he has committed.
      CREATE TABLE trading.risk_subject (
        subject text COLLATE "C" PRIMARY KEY,
        seen_on date NOT NULL
      ) WITH (fillfactor = 70);
      CREATE INDEX risk_subject_seen ON trading.risk_subject (seen_on);
      -- Orders placed in one minute: bucket is the number of minutes since 1970.
      CREATE TABLE trading.risk_counter (
        subject text COLLATE "C" NOT NULL,
        bucket bigint NOT NULL,
        currency char(3) NOT NULL,
        orders integer NOT NULL CHECK (orders > 0),
        amount bigint NOT NULL CHECK (amount >= 0),
        PRIMARY KEY (subject, bucket, currency)
      ) WITH (fillfactor = 70);
      CREATE INDEX risk_counter_bucket ON trading.risk_counter (bucket);

      -- One row for each evaluation. checkout_id is minted with time, so that a policy's rows are in the order of time.
      CREATE TABLE trading.risk_evaluation (
        policy_id uuid NOT NULL,
        checkout_id uuid NOT NULL,
        policy_version integer NOT NULL,
        mode text NOT NULL,
        order_id uuid,
        inputs_hash bytea NOT NULL,
        verdict text NOT NULL CHECK (verdict IN ('approve', 'review', 'decline')),
        outcome text NOT NULL CHECK (outcome IN ('approve', 'review', 'decline')),
        reason text,
        failure text CHECK (failure IN ('timeout', 'error')),
        latency_us integer NOT NULL,
        evaluated_at timestamptz NOT NULL,
        PRIMARY KEY (policy_id, checkout_id)
      );

      CREATE TABLE trading.risk_review (
        order_id uuid PRIMARY KEY,
        opened_at timestamptz NOT NULL,
        deadline timestamptz NOT NULL,
        reasons jsonb NOT NULL,
        decision text CHECK (decision IN ('approved', 'rejected', 'closed')),
        decided_at timestamptz,
        decided_by text CHECK (decided_by IN ('reviewer', 'deadline')),
        comment text,
        CHECK ((decision IS NULL) = (decided_at IS NULL))
      );
      CREATE INDEX risk_review_open ON trading.risk_review (deadline, order_id) WHERE decision IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE trading.risk_review, trading.risk_evaluation, trading.risk_counter, trading.risk_subject,
                 trading.risk_list_entry, trading.risk_policy_version, trading.risk_policy, trading.risk_installation;
    `);
  }
}
