import type Database from 'libsql';
import { LedgerMisuse } from '../errors.js';

/** How long one moment of the ledger can be looked at: so long its writer cannot tidy the log up, which grows. */
export const snapshotMsMax = 600_000;

/** The ledger as it was at one moment, on a connection of its own. */
export class Snapshot {
  readonly db: Database.Database;
  readonly #timer: NodeJS.Timeout;
  #state: 'open' | 'over' | 'closed' = 'open';

  /** @param db a connection that nobody else uses; it is closed with the snapshot */
  constructor(db: Database.Database) {
    this.db = db;
    db.exec('BEGIN');
    this.#timer = setTimeout(() => this.#end('over'), snapshotMsMax);
    this.#timer.unref();
  }

  /**
   * What is read, as long as the snapshot lasts.
   *
   * @throws {LedgerMisuse} when it has lasted too long: what would come now is of another moment
   */
  async *stream<T>(rows: Iterable<T>): AsyncGenerator<T, void, undefined> {
    for (const row of rows) {
      if (this.#state === 'over')
        throw new LedgerMisuse(
          'ledger_request_invalid',
          `The entries were read for more than ${snapshotMsMax / 60_000} minutes, and meanwhile the ledger's log cannot be tidied up; write them into a file, or ask for a shorter period.`,
        );
      yield row;
    }
  }

  close(): void {
    this.#end('closed');
  }

  #end(state: 'over' | 'closed'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    clearTimeout(this.#timer);
    // Closing alone lets go of the moment only when the statements are collected.
    if (this.db.inTransaction) this.db.exec('ROLLBACK');
    this.db.close();
  }
}
