import type Database from 'libsql';
import type { BooksFault, BooksFilter, Entry, LedgerReader, MovementTotal } from '../books.js';
import { LedgerDamaged } from '../errors.js';
import { auditOf } from '../front/audit.js';
import { mergedEntries } from '../front/merge-entries.js';
import { DamagedRow } from '../front/rows.js';
import type { Claim } from '../ledger.js';
import { seqsNamed } from './find-claims.js';
import { faultOf } from './messages.js';
import { readNumber } from './migrations.js';
import { entriesOfClaim, readClaims, readLaterEntries } from './read-claims.js';
import { readMovements, readStateSums } from './read-sums.js';
import { Snapshot } from './snapshot.js';

/** Reads a ledger's file beside its writer; see `openSqliteReader`. */
export class SqliteReader implements LedgerReader {
  readonly #db: Database.Database;
  readonly #connect: () => Database.Database;

  /** @internal */
  constructor(db: Database.Database, connect: () => Database.Database) {
    this.#db = db;
    this.#connect = connect;
  }

  async *claims(filter: BooksFilter = {}): AsyncGenerator<Claim, void, undefined> {
    try {
      for (const { claim } of readClaims(this.#db, filter)) yield claim;
    } catch (error) {
      throw readFault(error);
    }
  }

  async *entries(filter: BooksFilter = {}): AsyncGenerator<Entry, void, undefined> {
    // All at one moment: a claim that is removed in between would leave its first entry without the later ones.
    const snapshot = new Snapshot(this.#connect());
    try {
      const { db } = snapshot;
      yield* mergedEntries(
        snapshot.stream(openings(db, filter)),
        snapshot.stream(readLaterEntries(db, filter)),
      );
    } catch (error) {
      throw readFault(error);
    } finally {
      snapshot.close();
    }
  }

  async claim(name: string): Promise<{ claim: Claim; entries: readonly Entry[] } | undefined> {
    return this.#atOnce(() => {
      for (const seq of seqsNamed(this.#db, name)) {
        for (const { row, claim, opening } of readClaims(this.#db, {}, seq)) {
          if (![`#${seq}`, claim.challengeId, claim.reference].includes(name)) continue;
          return { claim, entries: [opening, ...entriesOfClaim(this.#db, row)] };
        }
      }
      return undefined;
    });
  }

  async movements(): Promise<readonly MovementTotal[]> {
    return this.#atOnce(() => readMovements(this.#db));
  }

  async audit(): Promise<{ faults: readonly BooksFault[]; partial: boolean }> {
    return this.#atOnce(() => auditOf(readMovements(this.#db), readStateSums(this.#db)));
  }

  async size(): Promise<number> {
    // Each of the two from the index alone; together in one SELECT they would scan the table.
    const [first, last] = ['min', 'max'].map((end) => `(SELECT ${end}(seq) FROM claim)`);
    return readNumber(this.#db, `SELECT ifnull(${last} - ${first} + 1, 0)`);
  }

  async close(): Promise<void> {
    if (this.#db.open) this.#db.close();
  }

  // At one moment: what a writer commits in between would be a difference.
  #atOnce<T>(read: () => T): T {
    this.#db.exec('BEGIN');
    try {
      return read();
    } catch (error) {
      throw readFault(error);
    } finally {
      // Some errors end a transaction by themselves.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    }
  }
}

function* openings(db: Database.Database, filter: BooksFilter): Generator<Entry, void, undefined> {
  for (const { opening } of readClaims(db, filter)) yield opening;
}

// Damage as the caller is told of it; anything else as it is.
function readFault(error: unknown): unknown {
  if (error instanceof DamagedRow) return new LedgerDamaged(error.message, { cause: error });
  const { code, message } = faultOf(error);
  return code?.startsWith('SQLITE_CORRUPT') ? new LedgerDamaged(`${message}.`, { cause: error }) : error;
}
