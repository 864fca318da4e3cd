import { closeSync, openSync } from 'node:fs';
import type Database from 'libsql';
import type { CountKeep } from '../limits/count-keep.js';
import { KeyStoreOpenError, newerStore } from './open-error.js';
import { keySchemaVersion, keyTables } from './schema.js';
import type { Sql, SqlRow, SqlStatement, SqlValue } from './sql.js';
import { createSqlCounts } from './sql-counts.js';
import { createSqlKeyStore } from './sql-key-store.js';
import { type KeyStore, KeyStoreUnavailable } from './store.js';

/** How long another process's commit is waited for. This thread waits with it, so it is short; a commit takes less. */
const busyTimeoutMs = 500;

/** Keys in a file, with the counts of the one gateway that has it. */
export interface SqliteKeys extends KeyStore {
  readonly counts: CountKeep;
}

/**
 * Opens keys in a SQLite file of their own, made if it is missing, private to its owner. Any number of processes may have
 * it open: a gateway and `farebox keys` beside it.
 *
 * @param path absolute, or `:memory:`
 * @throws {KeyStoreOpenError}
 */
export async function openSqliteKeys(path: string): Promise<SqliteKeys> {
  const { default: Sqlite } = await import('libsql');
  let db: Database.Database | undefined;
  try {
    if (path !== ':memory:') createPrivate(path);
    db = new Sqlite(path);
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    if (path !== ':memory:') db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    migrate(db);
    const sql = sqlOf(db);
    return { ...createSqlKeyStore(sql, ''), counts: createSqlCounts(sql) };
  } catch (cause) {
    db?.close();
    if (cause instanceof KeyStoreOpenError) throw cause;
    throw new KeyStoreOpenError(
      'key_store_unopenable',
      `The store of keys ${path} cannot be opened; its folder must exist on a local disk, and file and folder must be writable.`,
      { cause },
    );
  }
}

/** Before SQLite makes it readable for everybody. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function migrate(db: Database.Database): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const there = all(db, "SELECT name FROM sqlite_schema WHERE name = 'key_change'").length > 0;
    if (!there) for (const statement of keyTables('sqlite', '')) db.exec(statement);
    const version = Number(all(db, 'SELECT version FROM key_change')[0]?.version);
    if (version > keySchemaVersion) throw newerStore(version);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function all(db: Database.Database, text: string, values: readonly SqlValue[] = []): readonly SqlRow[] {
  // SQLite numbers its parameters with a question mark.
  const statement = db.prepare(text.replaceAll(/\$(?=[0-9])/g, '?'));
  if (!statement.reader) {
    statement.run([...values]);
    return [];
  }
  const rows: unknown[] = statement.all([...values]);
  return rows.filter((row): row is SqlRow => typeof row === 'object' && row !== null);
}

function sqlOf(db: Database.Database): Sql {
  const telling = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (cause) {
      throw new KeyStoreUnavailable('The store of keys did not answer; try again.', { cause });
    }
  };
  return {
    rows: (text, values) => telling(() => all(db, text, values)),
    batch: (statements: readonly SqlStatement[], lazy = false) =>
      telling(() => {
        // In WAL mode NORMAL does not wait for the disk, and the gateway's thread not for either.
        db.exec(`PRAGMA synchronous = ${lazy ? 'NORMAL' : 'FULL'}`);
        db.exec('BEGIN IMMEDIATE');
        try {
          const answers = statements.map(({ text, values }) => all(db, text, values));
          db.exec('COMMIT');
          return answers;
        } catch (error) {
          if (db.inTransaction) db.exec('ROLLBACK');
          throw error;
        }
      }),
    async close() {
      if (db.open) db.close();
    },
  };
}
