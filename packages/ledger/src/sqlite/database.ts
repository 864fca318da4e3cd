import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import Database from 'libsql';
import { LedgerOpenError } from '../errors.js';
import { createPrivateFile, lockLedger } from './lock.js';
import { faultOf, type WorkerOptions } from './messages.js';
import { assertOurs, migrate, readNumber } from './migrations.js';

/** Bytes of a page; SQLite's default, named because the figures in the documents depend on it. */
const pageBytes = 4096;
/** Memory for pages, in KiB: an appended log needs few. */
const cacheKib = 16_384;
/** `PRAGMA synchronous`: FULL. */
const synchronousFull = 2;

/** The opened file with what guards it. */
export interface OpenDatabase {
  readonly db: Database.Database;
  /** Throws when the file at the path is no longer the one that was opened: what is written then would be lost. */
  assertThere(): void;
  close(): void;
}

/**
 * Opens the file as the only writer, with its schema up to date and every commit synced to disk.
 *
 * @throws {LedgerOpenError}
 */
export function openDatabase(options: WorkerOptions): OpenDatabase {
  if (options.path === ':memory:') return openMemory(options);
  const path = create(options.path);
  const unlock = lockLedger(path);
  let db: Database.Database | undefined;
  try {
    db = new Database(path);
    prepare(db, options);
    const opened = db;
    const files = [path, `${path}-wal`].map((name) => ({ name, ...identityOf(name) }));
    return {
      db: opened,
      assertThere() {
        for (const { name, dev, ino } of files) {
          const now = identityOf(name);
          if (now.ino === ino && now.dev === dev && ino !== undefined) continue;
          throw new Error(
            `the ledger's file ${name} was moved, removed or replaced while in use; restart Farebox`,
          );
        }
      },
      close() {
        opened.close();
        unlock();
      },
    };
  } catch (error) {
    db?.close();
    unlock();
    throw openError(path, error);
  }
}

function identityOf(path: string): { readonly dev: number | undefined; readonly ino: number | undefined } {
  const found = statSync(path, { throwIfNoEntry: false });
  return { dev: found?.dev, ino: found?.ino };
}

function openMemory(options: WorkerOptions): OpenDatabase {
  const db = new Database(':memory:');
  migrate(db);
  limitPages(db, options);
  return { db, assertThere() {}, close: () => db.close() };
}

// Creates the file private, and finds the one name under which every opener will look for the lock.
function create(path: string): string {
  try {
    createPrivateFile(path);
    // Before SQLite sees it: beside a read-only file it would leave read-only helpers, which then stand in the way.
    accessSync(path, constants.R_OK | constants.W_OK);
    return realpathSync(path);
  } catch (error) {
    throw openError(path, error);
  }
}

function prepare(db: Database.Database, options: WorkerOptions): void {
  db.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
  // Before anything is written: the file's journal mode stays with it, and it may be another program's.
  assertOurs(db);
  db.exec(`PRAGMA page_size = ${pageBytes}`);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec(`PRAGMA cache_size = -${cacheKib}`);
  // Asked for is not given: SQLite keeps another mode where the file system cannot do it, and says nothing.
  const [journal]: readonly unknown[] = [db.prepare('PRAGMA journal_mode').raw().get([])].flat();
  if (journal !== 'wal') throw new Error('the file system does not support SQLite write-ahead logging');
  if (readNumber(db, 'PRAGMA synchronous') !== synchronousFull)
    throw new Error('commits would not be synced to disk');
  migrate(db);
  limitPages(db, options);
  // SQLite opens what it cannot write to without a word. Better to fail now than after somebody has paid: write, and take
  // it back (beginning alone does not fail).
  db.exec('BEGIN IMMEDIATE; PRAGMA user_version = 0; ROLLBACK');
}

function limitPages(db: Database.Database, options: WorkerOptions): void {
  if (options.pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${options.pagesMax}`);
}

/** Says why a ledger's file could not be opened, and what to do. */
export function openError(path: string, error: unknown): LedgerOpenError {
  if (error instanceof LedgerOpenError) {
    return new LedgerOpenError(error.code, `${path}: ${error.message}`, { cause: error });
  }
  const { code, message } = faultOf(error);
  if (code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT')) {
    return new LedgerOpenError(
      'ledger_corrupt',
      `The ledger ${path} is damaged or no database (${message}); restore it from a backup, or move it away to start a new one.`,
      { cause: error },
    );
  }
  return new LedgerOpenError(
    'ledger_unopenable',
    `The ledger ${path} cannot be opened (${message}); its folder must exist on a local disk, and file and folder must be writable.`,
    { cause: error },
  );
}
