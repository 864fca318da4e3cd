import type { Pool, PoolClient } from 'pg';
import {
  type Database,
  integer,
  type Row,
  type Sql,
  type SqlValue,
  StoreError,
  storable,
} from './database.js';
import { schemaStatements, schemaVersion } from './schema.js';

/** Most connections at a time. */
const connectionsMax = 8;
const connectTimeoutMs = 10_000;
const statementTimeoutMs = 30_000;

/** Where a PostgreSQL store is. */
export interface PostgresStoreOptions {
  /** It may hold a password; it is never repeated in an error. */
  readonly url: string;
  /** The schema that the tables are in, made when it is missing. Default `registrar`. */
  readonly schema?: string | undefined;
}

/**
 * Opens a store that several registrars share. Writes of one schema come one after the other, also from different processes:
 * what decides about a name sees all that was decided before.
 *
 * @throws StoreError
 */
export async function openPostgresStore({
  url,
  schema = 'registrar',
}: PostgresStoreOptions): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new StoreError('The schema’s name needs lower-case letters, digits and _ only.');
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    options: `-c search_path=${schema} -c synchronous_commit=on`,
  });
  // A connection that breaks while it is idle is replaced; nobody was waiting for it.
  pool.on('error', () => {});
  try {
    const store = new PostgresStore(pool, schema);
    await store.prepare();
    return store;
  } catch (cause) {
    await pool.end();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('The PostgreSQL store cannot be opened; check its URL, its user and its rights.', {
      cause,
    });
  }
}

class PostgresStore implements Database {
  readonly kind = 'postgres';
  readonly #pool: Pool;
  readonly #schema: string;
  #closed: Promise<void> | undefined;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  prepare(): Promise<void> {
    return this.write(async (sql) => {
      await sql.run(`CREATE SCHEMA IF NOT EXISTS ${this.#schema}`);
      const tables = await sql.all(
        `SELECT 1 AS here FROM information_schema.tables WHERE table_schema = ? AND table_name = 'schema_version'`,
        [this.#schema],
      );
      if (tables.length === 0) {
        for (const statement of schemaStatements) await sql.run(statement);
        await sql.run('INSERT INTO schema_version VALUES (?)', [schemaVersion]);
        return;
      }
      const [row] = await sql.all('SELECT version FROM schema_version');
      if (row === undefined || integer(row, 'version') !== schemaVersion)
        throw new StoreError('The schema is of another version of the registrar; name another schema.');
    });
  }

  async read<T>(ask: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      const result = await ask(sqlOf(client));
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async write<T>(change: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      // Freed at the end of the transaction, whatever that is.
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 4217))', [this.#schema]);
      const result = await change(sqlOf(client));
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // The connection goes with whatever is left of the transaction.
      client.release(true);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }
}

function sqlOf(client: PoolClient): Sql {
  const query = async (text: string, values: readonly SqlValue[]) => {
    let n = 0;
    const numbered = text.replaceAll('?', () => `$${++n}`);
    const given = storable(values).map((value) => (typeof value === 'bigint' ? value.toString() : value));
    return client.query<Row>(numbered, given);
  };
  return {
    all: async (text, values = []) => (await query(text, values)).rows,
    run: async (text, values = []) => (await query(text, values)).rowCount ?? 0,
  };
}
