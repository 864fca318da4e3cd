/** Version of the tables below. */
export const keySchemaVersion = 1;

/** The tables of keys and of counts that gateways share, in the words of one of the databases. */
export function keyTables(kind: 'sqlite' | 'postgres', schema: string): readonly string[] {
  const seq =
    kind === 'sqlite'
      ? 'seq integer PRIMARY KEY AUTOINCREMENT'
      : 'seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  return [
    `CREATE TABLE ${schema}key_change (changes bigint NOT NULL, version integer NOT NULL)`,
    `INSERT INTO ${schema}key_change (changes, version) VALUES (1, ${keySchemaVersion})`,
    `CREATE TABLE ${schema}api_key (
      ${seq},
      id text NOT NULL UNIQUE,
      hash text NOT NULL UNIQUE,
      old_hash text UNIQUE,
      old_until bigint,
      shown text NOT NULL,
      name text NOT NULL,
      plan text NOT NULL,
      scopes text NOT NULL,
      created bigint NOT NULL,
      expires bigint,
      revoked bigint,
      rotated bigint,
      last_used bigint
    )`,
    `CREATE INDEX api_key_shown ON ${schema}api_key (shown)`,
    // In PostgreSQL the library that counts writes this table; it has no other columns.
    `CREATE TABLE ${schema}limit_count (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`,
    `CREATE INDEX limit_count_expire ON ${schema}limit_count (expire)`,
  ];
}

/**
 * What gateways that share a PostgreSQL have going on, by key: `{ gateway: [count, until] }`. Unlogged: every gateway tells
 * its own anew every few seconds, after a crash of the server too.
 */
export function goingTable(schema: string): readonly string[] {
  return [
    `CREATE UNLOGGED TABLE ${schema}limit_going (
      subject varchar(255) PRIMARY KEY,
      gateways jsonb NOT NULL,
      until bigint NOT NULL
    )`,
    `CREATE INDEX limit_going_until ON ${schema}limit_going (until)`,
  ];
}
