import { hash } from 'node:crypto';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import { KeyStoreOpenError, newerStore } from './open-error.js';
import { goingTable, keySchemaVersion, keyTables } from './schema.js';
import type { Sql, SqlRow, SqlStatement } from './sql.js';
import { createSqlKeyStore } from './sql-key-store.js';
import { type KeyStore, KeyStoreUnavailable } from './store.js';

/** Connections of one gateway: for keys, and as many again for shared limits. */
const connectionsMax = 6;
/** How long connecting may take, milliseconds. */
const connectTimeoutMs = 2_000;
/** How long one statement may take before it counts as not answered, milliseconds. */
const statementTimeoutMs = 2_000;

/**
 * Connections that do not wait for a count to reach the disk: after a crash of the server the last half second of counts
 * may be missing. Bounded in number and in time.
 */
export async function openCountingPool(url: string): Promise<Pool> {
  const { default: pg } = await import('pg');
  // What was given up here must not be counted later, over what was counted since.
  const options = `-c synchronous_commit=off -c statement_timeout=${statementTimeoutMs}`;
  const pool = new pg.Pool({ ...poolOptions(url), options });
  pool.on('error', () => {});
  return pool;
}

function poolOptions(url: string): PoolConfig {
  return {
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs,
    allowExitOnIdle: true,
  };
}

/**
 * Opens keys in a PostgreSQL schema of their own, made if it is missing, for any number of gateways.
 *
 * @param url may hold a password; it is never shown
 * @throws {KeyStoreOpenError}
 */
export async function openPostgresKeys(url: string, schema: string): Promise<KeyStore> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool(poolOptions(url));
  // A connection that breaks while it is idle: the next statement gets another one, or says that there is none.
  pool.on('error', () => {});
  try {
    await migrate(pool, schema);
  } catch (cause) {
    await pool.end();
    if (cause instanceof KeyStoreOpenError) throw cause;
    throw new KeyStoreOpenError(
      'key_store_unopenable',
      `The keys in the PostgreSQL schema "${schema}" cannot be opened; the server must be reachable, and its user allowed to create the schema.`,
      { cause },
    );
  }
  return createSqlKeyStore(sqlOf(pool), `"${schema}".`);
}

/** One at a time: of several gateways that start together one makes the tables. */
async function migrate(pool: Pool, schema: string): Promise<void> {
  const lock = hash('sha256', `farebox keys ${schema}`, 'buffer').readBigInt64BE(0);
  await inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [String(lock)]);
    const there = await client.query(
      "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'key_change'",
      [schema],
    );
    if (there.rows.length === 0) {
      const found = await client.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
      // Not "IF NOT EXISTS": that asks for the right to create schemas even where an administrator has made this one.
      if (found.rows.length === 0) await client.query(`CREATE SCHEMA "${schema}"`);
      for (const statement of keyTables('postgres', `"${schema}".`)) await client.query(statement);
    }
    const { rows } = await client.query<SqlRow>(`SELECT version FROM "${schema}".key_change`);
    const version = Number(rows[0]?.version);
    if (version > keySchemaVersion) throw newerStore(version);
    // Younger than the rest, and of no concern to whoever does not know of it.
    const going = await client.query(
      "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'limit_going'",
      [schema],
    );
    if (going.rows.length === 0)
      for (const statement of goingTable(`"${schema}".`)) await client.query(statement);
  });
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function sqlOf(pool: Pool): Sql {
  const telling = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new KeyStoreUnavailable('The store of keys did not answer; try again.', { cause });
    }
  };
  return {
    rows: (text, values = []) => telling(async () => (await pool.query<SqlRow>(text, [...values])).rows),
    batch: (statements: readonly SqlStatement[], lazy = false) =>
      telling(() =>
        inTransaction(pool, async (client) => {
          if (lazy) await client.query('SET LOCAL synchronous_commit = off');
          const answers: SqlRow[][] = [];
          for (const { text, values = [] } of statements)
            answers.push((await client.query<SqlRow>(text, [...values])).rows);
          return answers;
        }),
      ),
    close: () => pool.end(),
  };
}
