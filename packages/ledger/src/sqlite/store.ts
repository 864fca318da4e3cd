import type { ClaimTotal } from '../ledger.js';
import { type Decision, decide, standingOfNumber, stateOf, type Verb } from '../transitions.js';
import { AnsweredMarks } from './answered-marks.js';
import { Claims } from './claims.js';
import { type OpenDatabase, openDatabase } from './database.js';
import { Fields } from './fields.js';
import { idempotencyHash } from './keys.js';
import { Kinds } from './kinds.js';
import { type Field, Op, type OpCode, type Outcome, type WorkerOptions } from './messages.js';
import { claimOf, DamagedRow, type Row, whole } from './rows.js';

/** What became of a batch. */
export interface Applied {
  readonly outcomes: readonly Outcome[];
  /** False when the batch only read. */
  readonly committed: boolean;
}

/**
 * The ledger's side of the threads: applies batches to the file, each in one transaction. Whatever fails in one fails
 * it whole; refusals and damaged rows concern their own operation only.
 */
export class Store {
  readonly #file: OpenDatabase;
  readonly #kinds: Kinds;
  readonly #claims: Claims;
  #writing = false;
  #broken = false;
  readonly #marks: AnsweredMarks;

  /** @throws {LedgerOpenError} */
  constructor(options: WorkerOptions) {
    this.#file = openDatabase(options);
    try {
      this.#kinds = new Kinds(this.#file.db);
      this.#claims = new Claims(this.#file.db, this.#kinds);
      this.#marks = new AnsweredMarks(this.#file.db);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Learns the caller's numbers for kinds: number, method, intent, currency, route, and so on. */
  learn(kinds: readonly Field[]): void {
    const fields = new Fields(kinds);
    for (let left = kinds.length; left > 0; left -= 5) {
      const number = fields.number();
      const [method, intent] = [fields.text(), fields.text()];
      this.#kinds.learn(number, { method, intent, currency: fields.text(), route: fields.text() });
    }
  }

  /**
   * Applies a batch in its order. When it returns, every change is on disk; when it throws, none counts.
   */
  apply(batch: readonly Field[]): Applied {
    const fields = new Fields(batch);
    const outcomes: Outcome[] = [];
    if (this.#broken) this.#rollBack();
    if (this.#broken) throw new Error('an earlier transaction could not be rolled back; restart Farebox');
    try {
      for (let op = fields.op(); op !== undefined; op = fields.op()) {
        if (op === Op.answered) {
          // Kept back, to be written in runs; before anything looks at an existing claim they are.
          this.#marks.add(fields.number(), fields.number(), outcomes.length);
          outcomes.push(0);
        } else outcomes.push(this.#one(op, fields, outcomes));
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

  /** Writes the marks that were kept back: runs of neighbours at once, one by one where a run is not all of a kind. */
  #flushMarks(outcomes: Outcome[]): void {
    if (this.#marks.empty) return;
    this.#begin();
    this.#marks.flush(({ seq, nowMs, at }) => {
      outcomes[at] = this.#advance('answered', seq, nowMs);
    });
  }

  #one(op: Exclude<OpCode, typeof Op.answered>, fields: Fields, outcomes: Outcome[]): Outcome {
    if (op !== Op.deliver) this.#flushMarks(outcomes);
    switch (op) {
      case Op.claim:
        return this.#enter('claim', fields, outcomes);
      case Op.deliver:
        return this.#enter('deliver', fields, outcomes);
      case Op.release:
        return this.#enter('release', fields, outcomes);
      case Op.settle:
        return this.#advance('settle', fields.number(), fields.number());
      case Op.redeliver:
        return this.#redeliver(fields.number(), fields.number(), fields.number(), fields.text());
      case Op.find:
        return this.#find(fields.text());
      case Op.totals:
        return contained(() => ({ kind: 'totals', totals: this.#totals() }));
    }
  }

  // claim, deliver, release: the verbs that a request comes with, and that may find no claim yet.
  #enter(verb: Verb, fields: Fields, outcomes: Outcome[]): Outcome {
    const kindNumber = fields.number();
    const challengeId = fields.text();
    const reference = fields.text();
    const paid = fields.amount();
    const resource = fields.text();
    const expiresMs = fields.number();
    const nowMs = fields.number();
    const key = idempotencyHash(fields.text());
    return contained(() => {
      const claims = this.#claims;
      let held = claims.ofChallenge(challengeId);
      if (held !== undefined) {
        if (!this.#marks.empty) {
          this.#flushMarks(outcomes);
          held = claims.at(held.seq) ?? held;
        }
        // One challenge, one payment: a second payment for it, or another amount, is never let in by the first one's state.
        const kind = this.#kinds.named(kindNumber);
        const same =
          held.reference === reference &&
          held.paid === paid &&
          held.kind.method === kind.method &&
          held.kind.currency === kind.currency;
        return same ? this.#move(verb, held, decide(verb, held), nowMs, key) : taken('challenge', held);
      }
      const other = claims.ofReference(reference);
      if (other !== undefined) {
        this.#flushMarks(outcomes);
        return taken('reference', claims.at(other.seq) ?? other);
      }
      const decision = decide(verb, undefined);
      if (decision.move !== 'go') return { kind: 'conflict', detail: `there is no claim to ${verb}` };
      this.#begin();
      const kindId = this.#kinds.idOf(kindNumber);
      return claims.insert(
        { challengeId, reference, kindId, paid, resource, expiresMs, nowMs, key },
        decision.next,
      );
    });
  }

  // settle and answered: the verbs that name a claim by its seq.
  #advance(verb: 'settle' | 'answered', seq: number, nowMs: number): Outcome {
    return contained(() => {
      const row = this.#claims.at(seq);
      if (row !== undefined) return this.#move(verb, row, decide(verb, row), nowMs);
      return { kind: 'conflict', detail: `claim ${seq} does not exist, so it cannot be ${verb}` };
    });
  }

  #redeliver(seq: number, redeliveriesMax: number, nowMs: number, key: string): Outcome {
    return contained(() => {
      const row = this.#claims.at(seq);
      if (row === undefined) return 0;
      const known = idempotencyHash(key);
      const keyMatches = known !== undefined && row.key !== undefined && known.equals(row.key);
      return this.#move('redeliver', row, decide('redeliver', row, redeliveriesMax, keyMatches), nowMs);
    });
  }

  #move(verb: Verb, row: Row, decision: Decision, nowMs: number, key?: Buffer): Outcome {
    switch (decision.move) {
      case 'go':
        this.#begin();
        this.#claims.update(row, decision.next, nowMs, key);
        return okOf(verb, row.seq);
      case 'keep':
        return okOf(verb, row.seq);
      case 'taken':
        return taken('challenge', row);
      case 'no':
        return 0;
      case 'conflict':
        return {
          kind: 'conflict',
          detail: `claim ${row.seq} is ${row.standing}: the verb "${verb}" does not apply`,
        };
    }
  }

  #find(challengeId: string): Outcome {
    return contained(() => {
      const row = this.#claims.ofChallenge(challengeId);
      return { kind: 'found', claim: row === undefined ? undefined : claimOf(row) };
    });
  }

  // Sums in two halves, because SQLite's own sum() of 64-bit integers fails when it overflows.
  #totals(): ClaimTotal[] {
    const rows = this.#file.db
      .prepare(
        `SELECT state, method, currency, count(*), sum(paid >> 32), sum(paid & 0xffffffff)
         FROM claim LEFT JOIN kind ON kind.id = claim.kind
         GROUP BY state, method, currency ORDER BY state, method, currency`,
      )
      .raw()
      .safeIntegers()
      .all();
    return rows.map((raw) => {
      const column: readonly unknown[] = Array.isArray(raw) ? raw : [];
      const [state, method, currency, count, high, low] = column;
      const standing = standingOfNumber(whole(state, 'state'));
      if (standing === undefined || typeof method !== 'string' || typeof currency !== 'string') {
        throw new DamagedRow('Some claims are in no known state.');
      }
      if (typeof high !== 'bigint' || typeof low !== 'bigint')
        throw new DamagedRow('Some claims have no amount.');
      return {
        state: stateOf(standing),
        answered: standing === 'answered',
        method,
        count: whole(count, 'count'),
        paid: { amount: (high << 32n) + low, currency },
      };
    });
  }

  #begin(): void {
    if (this.#writing) return;
    this.#file.assertThere();
    this.#file.db.exec('BEGIN IMMEDIATE');
    this.#writing = true;
  }

  #commit(): void {
    this.#file.db.exec('COMMIT');
    this.#writing = false;
    this.#kinds.committed();
    this.#claims.committed();
  }

  // The memory forgets the batch in any case. Should the file not be told, nothing is applied until it could be.
  #rollBack(): void {
    this.#writing = false;
    this.#marks.clear();
    this.#kinds.rolledBack();
    this.#claims.rolledBack();
    try {
      if (this.#file.db.inTransaction) this.#file.db.exec('ROLLBACK');
      this.#broken = false;
    } catch {
      // What the caller must see is the error that led here.
      this.#broken = true;
    }
  }
}

// Damage of one row is that operation's outcome, or whoever owns a damaged claim could fail everybody's batch.
// Rows are read and asserted before the operation writes anything, so nothing is left half done.
function contained(operation: () => Outcome): Outcome {
  try {
    return operation();
  } catch (error) {
    if (error instanceof DamagedRow) return { kind: 'damaged', detail: error.message };
    throw error;
  }
}

function taken(by: 'challenge' | 'reference', row: Row): Outcome {
  return { kind: 'taken', by, claim: claimOf(row) };
}

function okOf(verb: Verb, seq: number): number {
  if (verb === 'redeliver') return 1;
  return verb === 'settle' || verb === 'answered' ? 0 : seq;
}
