import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { failedWith } from './private-file.js';
import { VaultError } from './vault-error.js';

/** Longest wait for other writers. Each takes two derivations of a key, about a second on a slow machine. */
export const lockWaitMs = 60_000;
/** Pause between two tries for the lock. */
const lockPauseMs = 25;

type Connection = InstanceType<typeof Database>;

/**
 * Runs `work` while no other process does so with the same lock file. The lock is SQLite's on that file, so that the
 * system takes it back from a process that dies: there is no stale lock and nothing to clear by hand.
 *
 * @param what is written under it, for the messages
 * @throws {VaultError} `vault_busy`, `vault_unavailable`
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, what = 'vault'): Promise<T> {
  const db = openLock(path);
  try {
    await acquire(db, performance.now() + lockWaitMs, what);
    try {
      return await work();
    } finally {
      // Said aloud: the driver closes a connection only when its memory is collected.
      db.exec('ROLLBACK');
    }
  } finally {
    db.close();
  }
}

function openLock(path: string): Connection {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    // A file that is there is not opened by us: closing it again would drop a lock that this process holds on it.
    if (!failedWith(cause, 'EEXIST')) throw unavailable(path, cause);
  }
  try {
    const db = new Database(path);
    db.pragma('busy_timeout = 0');
    return db;
  } catch (cause) {
    throw unavailable(path, cause);
  }
}

async function acquire(db: Connection, untilMs: number, what: string): Promise<void> {
  for (;;) {
    try {
      db.exec('BEGIN EXCLUSIVE');
      return;
    } catch (cause) {
      if (!failedWith(cause, 'SQLITE_BUSY')) throw unavailable(`The lock of the ${what}`, cause);
      if (performance.now() >= untilMs) {
        const message = `Another process has been writing the ${what} for a minute; end it, or try again.`;
        throw new VaultError('vault_busy', message);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, lockPauseMs));
  }
}

function unavailable(what: string, cause: unknown): VaultError {
  return new VaultError('vault_unavailable', `${what} cannot be used; check the disk and its owner.`, {
    cause,
  });
}
