import type Database from 'libsql';
import { challengeIdOf, referenceOf } from '../front/keys.js';
import { assertPossible } from '../front/rows.js';
import { type ClaimShape, stateNumber } from '../transitions.js';
import { ClaimInserts, type NewClaim } from './claim-inserts.js';
import { CLAIM_COLUMNS, readRow, type SqliteRow } from './columns.js';
import { BlockWriter, blockOf, KeyBlocks } from './key-blocks.js';
import { KeyIndex } from './key-index.js';
import { type HashKey, type Key, keyOf } from './keys.js';
import type { Kinds } from './kinds.js';
import { loadKeys } from './load-keys.js';

/** The last `seq`: the index keeps 32 bits of it. Beyond, every claim is refused. */
const seqMax = 0xffff_fffe;

/** A claim that has left, and what the index had of it. */
export interface GoneClaim {
  readonly seq: number;
  readonly challenge: Buffer;
  readonly reference: Buffer | string;
}

/**
 * The table of claims with its two uniquenesses. One writer only (`lock.ts`); all within the caller's transaction,
 * whose end must be told by {@link committed} or {@link rolledBack}.
 */
export class Claims {
  /** The prints on disk. */
  readonly blocks: KeyBlocks;
  readonly #kinds: Kinds;
  readonly #holder: number;
  readonly #inserts: ClaimInserts;
  readonly #update: Database.Statement;
  readonly #select: Database.Statement;
  readonly #byChallenge = new KeyIndex();
  readonly #byReference = new KeyIndex();
  #seq: number;
  #open: BlockWriter;
  // What the transaction under way has done: print, print, seq of what it inserted; the blocks it completed, with the
  // first one's length before; what it removed.
  readonly #fresh: number[] = [];
  #completed: BlockWriter[] = [];
  #gone: GoneClaim[] = [];
  #openCountBefore = 0;

  /**
   * @param holder who moves claims from now on
   * @throws {LedgerOpenError} `ledger_corrupt` when a challenge or a payment is there twice
   */
  constructor(db: Database.Database, kinds: Kinds, holder: number) {
    this.#kinds = kinds;
    this.#holder = holder;
    this.blocks = new KeyBlocks(db);
    this.#inserts = new ClaimInserts(db, holder);
    this.#update = db.prepare(
      `UPDATE claim SET state = ?, attempts = ?, redeliveries = ?, holder = ?, updated = ?, key = coalesce(?, key)
       WHERE seq = ? AND state = ?`,
    );
    this.#select = db.prepare(`SELECT ${CLAIM_COLUMNS} FROM claim WHERE seq = ?`).raw().safeIntegers();
    const { lastSeq, open } = loadKeys(db, this.#byChallenge, this.#byReference);
    this.#seq = lastSeq;
    this.#open = open;
    this.#openCountBefore = open.count;
  }

  /** The last claim; 0 when there is none. */
  get lastSeq(): number {
    return this.#seq;
  }

  /** The claim at a position. */
  at(seq: number): SqliteRow | undefined {
    this.flush();
    const raw = this.#select.get([seq]);
    return raw === undefined ? undefined : readRow(raw, (id) => this.#kinds.get(id));
  }

  /** The claim of a challenge. */
  ofChallenge({ print, stored }: HashKey): SqliteRow | undefined {
    const index = this.#byChallenge;
    for (let seq = index.first(print); seq !== 0; seq = index.next()) {
      const row = this.at(seq);
      if (row?.challengeId === challengeIdOf(stored)) return row;
    }
    return undefined;
  }

  /** The claim of a payment. */
  ofReference({ print, stored }: Key): SqliteRow | undefined {
    const index = this.#byReference;
    for (let seq = index.first(print); seq !== 0; seq = index.next()) {
      const row = this.at(seq);
      if (row !== undefined && row.reference === referenceOf(stored)) return row;
    }
    return undefined;
  }

  /** Appends a claim whose challenge and payment the caller has just found absent. Returns its `seq`. */
  insert(claim: NewClaim, shape: ClaimShape): number {
    const seq = this.#seq + 1;
    if (seq > seqMax) throw new RangeError('the ledger is full: it has its last possible claim');
    assertPossible(shape, seq);
    const { challenge, reference } = claim;
    this.#inserts.add(seq, claim, shape);
    this.#byChallenge.add(challenge.print, seq);
    this.#byReference.add(reference.print, seq);
    this.#fresh.push(challenge.print, reference.print, seq);
    this.#seq = seq;
    this.#open.add(seq, challenge, reference);
    if (blockOf(seq + 1) !== this.#open.block) this.#complete();
    return seq;
  }

  /** Writes a claim's next shape over the one just read, and a newer `Idempotency-Key` over an older one. */
  update(row: SqliteRow, next: ClaimShape, nowMs: number, key: Buffer | undefined): void {
    assertPossible(next, row.seq);
    const { changes } = this.#update.run([
      stateNumber(next.state),
      next.attempts,
      next.redeliveries,
      this.#holder,
      nowMs,
      key ?? null,
      row.seq,
      stateNumber(row.state),
    ]);
    if (changes !== 1) throw new Error(`claim ${row.seq} changed under its only writer`);
  }

  /** Writes what was kept back: before the table is read or changed by others, and before the commit. */
  flush(): void {
    this.#inserts.flush();
  }

  /** The caller has deleted the row. */
  left(claim: GoneClaim): void {
    this.#gone.push(claim);
  }

  /** The transaction is durable. */
  committed(): void {
    this.#fresh.length = 0;
    this.#openCountBefore = this.#open.count;
    if (this.#completed.length > 0) this.#completed = [];
    if (this.#gone.length === 0) return;
    for (const { seq, challenge, reference } of this.#gone) {
      this.#byChallenge.remove(keyOf(challenge).print, seq);
      this.#byReference.remove(keyOf(reference).print, seq);
    }
    this.#gone = [];
  }

  /** The transaction was rolled back: its rows are not there, and those that it removed are. */
  rolledBack(): void {
    const fresh = this.#fresh;
    for (let at = fresh.length - 3; at >= 0; at -= 3) {
      const [challengePrint = 0, referencePrint = 0, seq = 0] = fresh.slice(at, at + 3);
      this.#byChallenge.remove(challengePrint, seq);
      this.#byReference.remove(referencePrint, seq);
      this.#seq = seq - 1;
    }
    fresh.length = 0;
    this.#inserts.clear();
    this.#gone = [];
    this.#open = this.#completed[0] ?? this.#open;
    this.#open.truncate(this.#openCountBefore);
    this.#completed = [];
  }

  #complete(): void {
    this.blocks.append(this.#open);
    this.#completed.push(this.#open);
    this.#open = new BlockWriter(this.#open.block + 1);
  }
}
