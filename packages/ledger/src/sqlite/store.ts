import type { Applied, Field, Outcome } from '../front/messages.js';
import { advanceBy } from '../front/operations.js';
import { contained } from '../front/outcomes.js';
import { AnsweredMarks } from './answered-marks.js';
import { Answers } from './answers.js';
import { Books } from './books.js';
import { Claims } from './claims.js';
import { type OpenDatabase, openDatabase, openError } from './database.js';
import { Kinds } from './kinds.js';
import type { WorkerOptions } from './messages.js';
import { beginEpoch } from './opening.js';
import type { PackedOperation } from './packing.js';
import { Sweeper } from './sweeper.js';
import { readTotals } from './totals.js';
import { type Tables, Verbs } from './verbs.js';

/**
 * The ledger's side of the threads: applies batches to the file, each in one transaction. Whatever fails in one fails
 * it whole; refusals and damaged rows concern their own operation only.
 */
export class Store {
  readonly #file: OpenDatabase;
  readonly #tables: Tables;
  readonly #verbs: Verbs;
  readonly #sweeper: Sweeper;
  readonly #marks: AnsweredMarks;
  readonly #syncDelayMs: number;
  #writing = false;
  #broken = false;

  /** @throws {LedgerOpenError} */
  constructor(options: WorkerOptions) {
    this.#syncDelayMs = options.syncDelayMs;
    this.#file = openDatabase(options);
    const { db } = this.#file;
    try {
      const holder = beginEpoch(db);
      const kinds = new Kinds(db);
      const claims = new Claims(db, kinds, holder);
      const begin = (): void => this.#begin();
      this.#tables = { claims, kinds, holder, begin, books: new Books(db), answers: new Answers(db) };
      this.#verbs = new Verbs(this.#tables);
      this.#sweeper = new Sweeper(db, this.#tables, this.#verbs);
      this.#marks = new AnsweredMarks(db, holder);
    } catch (error) {
      this.#file.close();
      throw openError(options.path, error);
    }
  }

  /** Learns the caller's numbers for kinds: number, method, intent, currency, route, and so on. */
  learn(kinds: readonly Field[]): void {
    if (kinds.length > 0) this.#tables.kinds.learn(kinds);
  }

  /**
   * Applies a batch in its order. When it returns, every change is on disk; when it throws, none counts.
   */
  apply(operations: readonly PackedOperation[]): Applied {
    const outcomes: Outcome[] = [];
    if (this.#broken) this.#rollBack();
    if (this.#broken) throw new Error('an earlier transaction could not be rolled back; restart Farebox');
    try {
      for (const operation of operations) {
        if (operation.verb === 'answered') {
          // Kept back, to be written in runs; before anything looks at an existing claim they are.
          this.#marks.add(operation.seq, operation.nowMs, outcomes.length);
          outcomes.push(0);
        } else outcomes.push(this.#one(operation, outcomes));
      }
      this.#flushMarks(outcomes);
      const committed = this.#writing;
      if (committed) this.#commit();
      return { outcomes, committed };
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Closes the file, then frees the lock. */
  close(): void {
    this.#file.close();
  }

  // Writes the marks that were kept back: runs of neighbours at once, one by one where a run is not all of a kind.
  #flushMarks(outcomes: Outcome[]): boolean {
    if (this.#marks.empty) return false;
    this.#begin();
    this.#tables.claims.flush();
    this.#marks.flush(({ seq, nowMs, at }) => {
      outcomes[at] = this.#verbs.advance(advanceBy('answered', seq, nowMs));
    });
    return true;
  }

  #one(operation: PackedOperation, outcomes: Outcome[]): Outcome {
    if (operation.verb !== 'deliver') {
      this.#flushMarks(outcomes);
      this.#tables.claims.flush();
    }
    switch (operation.verb) {
      case 'claim':
      case 'reclaim':
      case 'deliver':
      case 'release':
        return this.#verbs.enter(operation, () => this.#flushMarks(outcomes));
      case 'abandon':
        return this.#verbs.abandon(operation);
      case 'find':
        return this.#verbs.find(operation);
      case 'answer':
        return this.#verbs.answer(operation);
      case 'sweep':
        return { kind: 'swept', swept: this.#sweeper.step(operation) };
      case 'totals':
        return contained(() => ({ kind: 'totals', totals: readTotals(this.#file.db) }));
      default:
        return this.#verbs.advance(operation);
    }
  }

  #begin(): void {
    if (this.#writing) return;
    this.#file.assertThere();
    this.#file.db.exec('BEGIN IMMEDIATE');
    this.#writing = true;
  }

  #commit(): void {
    const { kinds, claims, books } = this.#tables;
    claims.flush();
    books.write();
    this.#file.db.exec('COMMIT');
    if (this.#syncDelayMs > 0) waitMs(this.#syncDelayMs);
    this.#writing = false;
    kinds.committed();
    claims.committed();
    books.committed();
    this.#sweeper.committed();
  }

  // The memory forgets the batch in any case. Should the file not be told, nothing is applied until it could be.
  #rollBack(): void {
    const { kinds, claims, books } = this.#tables;
    this.#writing = false;
    this.#marks.clear();
    kinds.rolledBack();
    claims.rolledBack();
    books.rolledBack();
    this.#sweeper.rolledBack();
    try {
      if (this.#file.db.inTransaction) this.#file.db.exec('ROLLBACK');
      this.#broken = false;
    } catch {
      // What the caller must see is the error that led here.
      this.#broken = true;
    }
  }
}

function waitMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
