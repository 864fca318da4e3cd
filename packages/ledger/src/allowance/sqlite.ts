import { realpathSync } from 'node:fs';
import Database from 'libsql';
import { DamagedRow, whole } from '../front/rows.js';
import { LedgerUnavailable } from '../ledger.js';
import { amountOf } from '../sqlite/books.js';
import { columnsOf } from '../sqlite/columns.js';
import { openError } from '../sqlite/database.js';
import { createPrivateFile } from '../sqlite/lock.js';
import type { Allowance, AllowanceTerms } from './allowance.js';
import { decideConclude, decideReserve, forgottenBefore, type Item, leftOf, type Step } from './items.js';

/** Where an allowance is kept, and how much it is. */
export interface SqliteAllowanceOptions extends AllowanceTerms {
  /** A file of its own, created (mode 0600) if missing. All processes of this machine that name it share the allowance. */
  readonly path: string;
}

/** How long one process waits for another that is writing. */
const busyTimeoutMs = 2_000;

/**
 * Opens an allowance in a file. Not the ledger's own file: that has one writer, in a thread of its own.
 *
 * @throws {LedgerOpenError}
 */
export function openSqliteAllowance(options: SqliteAllowanceOptions): Allowance {
  const { path } = options;
  let db: Database.Database | undefined;
  try {
    createPrivateFile(path);
    db = new Database(realpathSync(path));
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    db.exec(`CREATE TABLE IF NOT EXISTS allowance (
      purse TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (purse, name)
    ) STRICT, WITHOUT ROWID`);
    return new SqliteAllowance(db, options);
  } catch (error) {
    db?.close();
    throw openError(path, error);
  }
}

class SqliteAllowance implements Allowance {
  readonly #db: Database.Database;
  readonly #terms: AllowanceTerms;

  constructor(db: Database.Database, terms: AllowanceTerms) {
    this.#db = db;
    this.#terms = terms;
  }

  async reserve(name: string, worst: bigint, nowMs: number): Promise<boolean> {
    return this.#write(nowMs, (items) => decideReserve(items, this.#terms, name, worst, nowMs));
  }

  async conclude(name: string, cost: bigint, nowMs: number): Promise<void> {
    this.#write(nowMs, (items) => decideConclude(items, this.#terms, name, cost, nowMs));
  }

  async remaining(nowMs: number): Promise<bigint> {
    try {
      return leftOf(this.#items(), this.#terms, nowMs);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #items(): readonly Item[] {
    const rows = this.#db
      .prepare('SELECT name, at, amount FROM allowance WHERE purse = ?')
      .raw()
      .all([this.#terms.purse]);
    return rows.map((raw) => {
      const [name, at, amount] = columnsOf(raw);
      if (typeof name !== 'string') throw new DamagedRow('An item of the allowance has no name.');
      return { name, atMs: whole(at, 'time'), amount: amountOf(amount) };
    });
  }

  // Read and written under the one write lock, so that two processes never spend the same rest.
  #write<T>(nowMs: number, decide: (items: readonly Item[]) => Step<T>): T {
    const { purse } = this.#terms;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const { answer, put, remove } = decide(this.#items());
      if (remove !== undefined)
        this.#db.prepare('DELETE FROM allowance WHERE purse = ? AND name = ?').run([purse, remove]);
      if (put !== undefined) {
        this.#db
          .prepare('DELETE FROM allowance WHERE purse = ? AND at < ?')
          .run([purse, forgottenBefore(this.#terms, nowMs)]);
        this.#db
          .prepare('INSERT OR REPLACE INTO allowance (purse, name, at, amount) VALUES (?, ?, ?, ?)')
          .run([purse, put.name, put.atMs, String(put.amount)]);
      }
      this.#db.exec('COMMIT');
      return answer;
    } catch (cause) {
      if (this.#db.open && this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw unavailable(cause);
    }
  }
}

function unavailable(cause: unknown): LedgerUnavailable {
  const reason = cause instanceof Error ? cause.message : 'it does not answer';
  return new LedgerUnavailable(`What may be spent cannot be recorded (${reason}); nothing was spent.`, {
    cause,
  });
}
