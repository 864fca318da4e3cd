import { hash, randomUUID } from 'node:crypto';
import { LedgerOpenError } from '../errors.js';
import { sqlStateOf } from './faults.js';
import { MIGRATIONS, type Migration } from './schema.js';
import type { Session } from './session.js';

/** Marks a schema as a Farebox ledger, and lists the steps it has had. */
const table = 'farebox_migration';

/**
 * Brings the schema to the newest version, each step in a transaction of its own. Of several that try at once one does
 * it (advisory lock), the others wait.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema`, `ledger_foreign_file` or `ledger_locked`; nothing was changed then
 */
export async function migrate(
  session: Session,
  schema: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  if ((await readVersion(session, schema, migrations.length)) === migrations.length) return;
  const key = hash('sha256', `farebox ledger ${schema}`, 'buffer').readBigInt64BE(0);
  await lock(session, key);
  try {
    // Somebody may have done it while we waited.
    let version = await readVersion(session, schema, migrations.length);
    for (const migration of migrations.slice(version)) {
      await step(session, schema, ++version, migration);
    }
  } finally {
    if (session.alive) await session.run('SELECT pg_advisory_unlock($1::bigint)', [key]);
  }
}

/**
 * The ledger's own name, drawn when it was created. A connection that finds another one, or none, has found another
 * database: what is written there would not be where the earlier claims are.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema`, `ledger_foreign_file`, or `ledger_corrupt` when it is not up to date
 * or lacks one of the two unique indexes
 */
export async function readIdentity(session: Session, schema: string): Promise<string> {
  const version = await readVersion(session, schema, MIGRATIONS.length);
  if (version !== MIGRATIONS.length) {
    throw new LedgerOpenError('ledger_corrupt', 'The ledger is not there any more; restore the database.');
  }
  const unique = await session.run(
    `SELECT attname FROM pg_catalog.pg_index AS i
       JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
     WHERE n.nspname = $1 AND c.relname = 'claim' AND i.indisunique AND i.indisvalid AND i.indnatts = 1
       AND i.indpred IS NULL`,
    [schema],
  );
  const columns = unique.rows.map(([column]) => column);
  if (!columns.includes('challenge') || !columns.includes('reference')) {
    throw new LedgerOpenError(
      'ledger_corrupt',
      'The ledger lacks a unique index on challenge or reference, without which payments could count twice; restore the database.',
    );
  }
  const identity = await session.run(`SELECT ledger FROM "${schema}".${table} WHERE version = 1`);
  return String(identity.rows[0]?.[0]);
}

async function lock(session: Session, key: bigint): Promise<void> {
  try {
    await session.run('SELECT pg_advisory_lock($1::bigint)', [key]);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state !== '55P03' && state !== '57014') throw error;
    throw new LedgerOpenError(
      'ledger_locked',
      "Another Farebox is bringing the ledger's schema up to date; wait until it has finished, then try again.",
      { cause: error },
    );
  }
}

/**
 * The version of a ledger's schema; 0 when there is none.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema` or `ledger_foreign_file`
 */
export async function readVersion(session: Session, schema: string, known: number): Promise<number> {
  const relations = await session.run(
    `SELECT relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema],
  );
  if (relations.rows.length === 0) return 0;
  if (!relations.rows.some(([name]) => name === table)) {
    throw new LedgerOpenError(
      'ledger_foreign_file',
      `The schema "${schema}" holds the tables of another program; give the ledger a schema of its own.`,
    );
  }
  const answer = await session.run(`SELECT max(version) FROM "${schema}".${table}`);
  const version = Number(answer.rows[0]?.[0] ?? 0);
  if (version <= known) return version;
  throw new LedgerOpenError(
    'ledger_newer_schema',
    `The ledger was written by a newer Farebox (its schema is ${version}, this one knows ${known}); run that version or a later one.`,
  );
}

async function step(session: Session, schema: string, version: number, migration: Migration): Promise<void> {
  await session.run('BEGIN');
  try {
    if (version === 1) await create(session, schema);
    for (const statement of migration.sql(schema)) await session.run(statement);
    await session.run(`INSERT INTO "${schema}".${table} (version, name, ledger) VALUES ($1, $2, $3)`, [
      version,
      migration.name,
      randomUUID(),
    ]);
    const { command } = await session.run('COMMIT');
    if (command !== 'COMMIT') throw new Error('the step was rolled back');
  } catch (error) {
    if (session.alive) await session.run('ROLLBACK');
    throw error;
  }
}

async function create(session: Session, schema: string): Promise<void> {
  const there = await session.run('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  // Not "IF NOT EXISTS": that asks for the right to create schemas even where an administrator has made this one.
  if (there.rows.length === 0) await session.run(`CREATE SCHEMA "${schema}"`);
  await session.run(
    `CREATE TABLE "${schema}".${table} (
      version integer PRIMARY KEY,
      name text NOT NULL,
      ledger text NOT NULL,
      applied timestamptz NOT NULL DEFAULT now()
    )`,
  );
}
