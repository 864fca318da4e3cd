import type Database from 'libsql';
import type { BooksFault, BooksFilter, Entry, LedgerReader, MovementTotal } from '../books.js';
import { auditOf } from '../front/audit.js';
import { mergedEntries } from '../front/merge-entries.js';
import type { Claim } from '../ledger.js';
import { seqsNamed } from './find-claims.js';
import { readNumber } from './migrations.js';
import { entriesOfClaim, readClaims, readLaterEntries } from './read-claims.js';
import { readMovements, readStateSums } from './read-sums.js';

/** Reads a ledger's file beside its writer; see `openSqliteReader`. */
export class SqliteReader implements LedgerReader {
  readonly #db: Database.Database;

  /** @internal */
  constructor(db: Database.Database) {
    this.#db = db;
  }

  async *claims(filter: BooksFilter = {}): AsyncGenerator<Claim> {
    for (const { claim } of readClaims(this.#db, filter)) yield claim;
  }

  entries(filter: BooksFilter = {}): AsyncIterable<Entry> {
    return mergedEntries(this.#openings(filter), this.#laters(filter));
  }

  async claim(name: string): Promise<{ claim: Claim; entries: readonly Entry[] } | undefined> {
    for (const seq of seqsNamed(this.#db, name)) {
      for (const { row, claim, opening } of readClaims(this.#db, {}, seq)) {
        if (![`#${seq}`, claim.challengeId, claim.reference].includes(name)) continue;
        return { claim, entries: [opening, ...entriesOfClaim(this.#db, row)] };
      }
    }
    return undefined;
  }

  async movements(): Promise<readonly MovementTotal[]> {
    return readMovements(this.#db);
  }

  async audit(): Promise<{ faults: readonly BooksFault[]; partial: boolean }> {
    // Both at one moment: what a writer commits in between would be a difference.
    this.#db.exec('BEGIN');
    try {
      return auditOf(readMovements(this.#db), readStateSums(this.#db));
    } finally {
      this.#db.exec('ROLLBACK');
    }
  }

  async size(): Promise<number> {
    // Each of the two from the index alone; together in one SELECT they would scan the table.
    const [first, last] = ['min', 'max'].map((end) => `(SELECT ${end}(seq) FROM claim)`);
    return readNumber(this.#db, `SELECT ifnull(${last} - ${first} + 1, 0)`);
  }

  async close(): Promise<void> {
    if (this.#db.open) this.#db.close();
  }

  async *#openings(filter: BooksFilter): AsyncGenerator<Entry> {
    for (const { opening } of readClaims(this.#db, filter)) yield opening;
  }

  async *#laters(filter: BooksFilter): AsyncGenerator<Entry> {
    yield* readLaterEntries(this.#db, filter);
  }
}
