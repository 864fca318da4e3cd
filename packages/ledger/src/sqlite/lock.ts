import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { LedgerOpenError } from '../errors.js';

/**
 * Makes this process the ledger's only writer. The lock is an exclusive SQLite transaction on a sidecar file, that is,
 * a file lock which the kernel drops when the process ends in any way, `kill -9` included: nothing is ever left to
 * clean up. A sidecar, so that others may still read the ledger itself. Never open the sidecar by other means within
 * the process: closing any descriptor of it would drop the lock (POSIX).
 *
 * @returns frees the lock
 * @throws {LedgerOpenError} `ledger_locked`
 */
export function lockLedger(path: string): () => void {
  const lockPath = `${path}.lock`;
  createPrivateFile(lockPath);
  const lock = new Database(lockPath);
  try {
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new LedgerOpenError(
      'ledger_locked',
      `The ledger ${path} is in use by another process; stop that one first, or give this one a ledger of its own (many gateways on one ledger need PostgreSQL).`,
      { cause: error },
    );
  }
  return () => lock.close();
}

/** Creates a file readable by its owner only, unless it is there already (then it is not opened at all). */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
