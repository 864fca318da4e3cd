import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import Database from 'libsql';
import type { LedgerReader } from '../books.js';
import { LedgerOpenError } from '../errors.js';
import { openError } from './database.js';
import { assertReadable } from './migrations.js';
import { busyTimeoutMsDefault } from './open.js';
import { SqliteReader } from './reader.js';

/** Where a ledger is. */
export interface SqliteReaderOptions {
  /** The file. It is never created, and nothing is written to it. */
  readonly path: string;
}

/**
 * Opens a ledger's file for reading only, beside the gateway that writes it or without one. It never takes the writer's
 * lock. Its questions are answered in the caller's own thread, a page at a time: use it in a command, not in a gateway.
 *
 * @throws {LedgerOpenError} `ledger_unopenable` when the file is missing, `ledger_foreign_file` when it is no ledger
 *
 * @example
 * ```ts
 * import { openSqliteReader } from '@farebox/ledger';
 *
 * const reader = await openSqliteReader({ path: 'farebox.db' });
 * for await (const claim of reader.claims({ states: ['released'] })) console.log(claim.seq, claim.paid);
 * await reader.close();
 * ```
 */
export async function openSqliteReader({ path }: SqliteReaderOptions): Promise<LedgerReader> {
  const real = locate(path);
  return new SqliteReader(connect(path, real), () => connect(path, real));
}

function locate(path: string): string {
  try {
    // SQLite would create a file that is missing, and take an empty one for a database.
    accessSync(path, constants.R_OK);
    if (!statSync(path).isFile()) throw new Error('it is no file');
    return realpathSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new LedgerOpenError(
        'ledger_unopenable',
        `There is no ledger at ${path} yet; the gateway makes it at its first start. Or name another.`,
        { cause: error },
      );
    throw openError(path, error);
  }
}

function connect(path: string, real: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(real);
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMsDefault}`);
    db.exec('PRAGMA query_only = 1');
    assertReadable(db);
    return db;
  } catch (error) {
    db?.close();
    throw openError(path, error);
  }
}
