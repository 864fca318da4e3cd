import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { WalletError } from './errors.js';
import { recount } from './journal-budget.js';
import { countedHost } from './journal-counted.js';
import { type Row, readRow } from './journal-row.js';
import { countedSince, migrations } from './journal-schema.js';

/** How long one process waits for the others: a proof that cannot be written down in time is worse than a wait. */
const busyTimeoutMs = 30_000;

/** The open journal file. */
export type Connection = InstanceType<typeof Database>;

/** Opens the file, or creates it, and brings it up to date. */
export function connect(path: string): Connection {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  createPrivateFile(path);
  const db = new Database(path);
  try {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // Proofs that were dropped are overwritten, not only unlinked.
    db.pragma('secure_delete = ON');
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/**
 * Created by us first: SQLite would create it readable by others, and its side files take the same mode. A file that is
 * there is not even opened, because closing any descriptor of a file drops every lock that this process holds on it, those
 * of a journal that is open already among them.
 */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
}

function migrate(db: Connection): void {
  db.transaction(() => {
    // The driver's types say unknown; the pragma gives one row with one number.
    const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (row.user_version > migrations.length) {
      const message =
        'The journal was written by a newer version; update farebox to use it. Nothing was sent.';
      throw new WalletError('journal_unavailable', message);
    }
    for (const sql of migrations.slice(row.user_version)) db.exec(sql);
    if (row.user_version > 0 && row.user_version < countedSince) countOld(db);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  }).immediate();
}

/** Counts the payments of a journal from before budgets: each by its last change. */
function countOld(db: Connection): void {
  // The driver's types say unknown; readRow checks every column.
  for (const row of db.prepare('SELECT * FROM payment ORDER BY updated_ms').all([]) as Row[]) {
    const entry = readRow(row);
    recount(db, entry, entry.updatedMs);
    db.prepare('UPDATE payment SET host = ? WHERE id = ?').run([countedHost(entry) ?? null, entry.id]);
  }
}

/** Turns every fault of the database into the one error that callers know. */
export function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WalletError) throw cause;
    const message = "The journal cannot be opened or written; check the disk and the file's owner.";
    throw new WalletError('journal_unavailable', message, { cause });
  }
}
