import type Database from 'libsql';
import { LedgerOpenError } from '../errors.js';
import { type ClaimShape, standingNumber } from '../transitions.js';
import { KeyIndex } from './key-index.js';
import { challengeKey, printOf, referenceKey } from './keys.js';
import type { Kind, Kinds } from './kinds.js';
import { assertPossible, CLAIM_COLUMNS, type Row, readRow } from './rows.js';

/** Rows read at once while the index is loaded. */
const loadRows = 4096;
/** The last `seq`: the index keeps 32 bits of it. Beyond, every claim is refused. */
const seqMax = 0xffff_fffe;

/** A new claim's fields. */
export interface NewClaim {
  readonly challengeId: string;
  readonly reference: string;
  readonly kindId: number;
  readonly paid: bigint;
  readonly resource: string;
  readonly expiresMs: number;
  readonly nowMs: number;
  readonly key: Buffer | undefined;
}

/**
 * The table of claims with its two uniquenesses. One writer only (`lock.ts`); all within the caller's transaction,
 * whose end must be told by {@link committed} or {@link rolledBack}.
 */
export class Claims {
  readonly #kindOf: (id: number) => Kind | undefined;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #select: Database.Statement;
  readonly #byChallenge = new KeyIndex();
  readonly #byReference = new KeyIndex();
  // print, print, seq of what the transaction has inserted so far
  readonly #fresh: number[] = [];
  #seq = 0;

  /** @throws {LedgerOpenError} `ledger_corrupt` when a challenge or a payment is there twice */
  constructor(db: Database.Database, kinds: Kinds) {
    this.#kindOf = (id) => kinds.get(id);
    this.#insert = db.prepare(
      `INSERT INTO claim (${CLAIM_COLUMNS}) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE claim SET state = ?, attempts = ?, redeliveries = ?, updated = ?, key = coalesce(?, key)
       WHERE seq = ? AND state = ?`,
    );
    this.#select = db.prepare(`SELECT ${CLAIM_COLUMNS} FROM claim WHERE seq = ?`).raw().safeIntegers();
    this.#load(db);
  }

  /** The claim at a position. */
  at(seq: number): Row | undefined {
    const raw = this.#select.get([seq]);
    return raw === undefined ? undefined : readRow(raw, this.#kindOf);
  }

  /** The claim of a challenge. */
  ofChallenge(challengeId: string): Row | undefined {
    const index = this.#byChallenge;
    for (let seq = index.first(printOf(challengeKey(challengeId))); seq !== 0; seq = index.next()) {
      const row = this.at(seq);
      if (row?.challengeId === challengeId) return row;
    }
    return undefined;
  }

  /** The claim of a payment. */
  ofReference(reference: string): Row | undefined {
    const index = this.#byReference;
    for (let seq = index.first(printOf(referenceKey(reference))); seq !== 0; seq = index.next()) {
      const row = this.at(seq);
      if (row?.reference === reference) return row;
    }
    return undefined;
  }

  /** Appends a claim whose challenge and payment the caller has just found absent. Returns its `seq`. */
  insert(claim: NewClaim, shape: ClaimShape): number {
    const seq = this.#seq + 1;
    if (seq > seqMax) throw new RangeError('the ledger is full: it has its last possible claim');
    assertPossible(shape, seq);
    const challenge = challengeKey(claim.challengeId);
    const reference = referenceKey(claim.reference);
    this.#insert.run([
      seq,
      claim.kindId,
      standingNumber(shape.standing),
      claim.paid,
      shape.attempts,
      claim.expiresMs,
      claim.nowMs,
      claim.nowMs,
      challenge,
      reference,
      claim.resource,
      claim.key ?? null,
    ]);
    this.#enter(printOf(challenge), printOf(reference), seq);
    return seq;
  }

  /** Writes a claim's next shape over the one just read, and a newer `Idempotency-Key` over an older one. */
  update(row: Row, next: ClaimShape, nowMs: number, key: Buffer | undefined): void {
    assertPossible(next, row.seq);
    const state = standingNumber(next.standing);
    const { changes } = this.#update.run([
      state,
      next.attempts,
      next.redeliveries,
      nowMs,
      key ?? null,
      row.seq,
      standingNumber(row.standing),
    ]);
    if (changes !== 1) throw new Error(`claim ${row.seq} changed under its only writer`);
  }

  /** The transaction is durable. */
  committed(): void {
    this.#fresh.length = 0;
  }

  /** The transaction was rolled back: its rows are not there. */
  rolledBack(): void {
    const fresh = this.#fresh;
    for (let at = fresh.length - 3; at >= 0; at -= 3) {
      const [challengePrint = 0, referencePrint = 0, seq = 0] = fresh.slice(at, at + 3);
      this.#byChallenge.remove(challengePrint, seq);
      this.#byReference.remove(referencePrint, seq);
      this.#seq = seq - 1;
    }
    fresh.length = 0;
  }

  #enter(challengePrint: number, referencePrint: number, seq: number): void {
    this.#byChallenge.add(challengePrint, seq);
    this.#byReference.add(referencePrint, seq);
    this.#fresh.push(challengePrint, referencePrint, seq);
    this.#seq = seq;
  }

  // Enters every row, a page at a time: `seq` and both prints as hexadecimal digits in one text, which is several times
  // cheaper than a row at a time. References that are texts (typeof in place of their print) are hashed one by one.
  #load(db: Database.Database): void {
    const page = db
      .prepare(
        `SELECT group_concat(printf('%08x', seq) || hex(substr(challenge, 1, 4)) || CASE typeof(reference)
           WHEN 'blob' THEN '00' || hex(substr(reference, 1, 4)) ELSE '0100000000' END, ''), max(seq)
         FROM (SELECT seq, challenge, reference FROM claim WHERE seq > ? ORDER BY seq LIMIT ${loadRows})`,
      )
      .raw();
    const oneReference = db.prepare('SELECT reference FROM claim WHERE seq = ?').raw();
    for (;;) {
      const raw = page.get([this.#seq]);
      const [digits, last]: readonly unknown[] = Array.isArray(raw) ? raw : [];
      if (typeof digits !== 'string' || typeof last !== 'number') break;
      const bytes = Buffer.from(digits, 'hex');
      if (bytes.length * 2 !== digits.length) throw new Error('the keys of the claims cannot be read');
      for (let at = 0; at < bytes.length; at += 13) {
        const seq = bytes.readUInt32BE(at);
        const challengePrint = bytes.readUInt32BE(at + 4);
        const isText = bytes[at + 8] === 1;
        const referencePrint = isText ? textPrint(oneReference.get([seq])) : bytes.readUInt32BE(at + 9);
        this.#audit(challengePrint, referencePrint, seq);
        this.#enter(challengePrint, referencePrint, seq);
      }
      this.#fresh.length = 0;
      this.#seq = last;
    }
  }

  // Nothing but the one writer keeps keys unique on disk, so the file is checked whenever it is opened. Equal prints
  // are rare: whole rows are read for those alone.
  #audit(challengePrint: number, referencePrint: number, seq: number): void {
    for (let other = this.#byChallenge.first(challengePrint); other !== 0; other = this.#byChallenge.next()) {
      if (this.at(other)?.challengeId === this.at(seq)?.challengeId) throw twice('challenge', other, seq);
    }
    for (let other = this.#byReference.first(referencePrint); other !== 0; other = this.#byReference.next()) {
      if (this.at(other)?.reference === this.at(seq)?.reference) throw twice('payment', other, seq);
    }
  }
}

function textPrint(raw: unknown): number {
  const value: unknown = Array.isArray(raw) ? raw[0] : undefined;
  if (typeof value !== 'string') throw new TypeError('a reference that is neither text nor bytes');
  return printOf(value);
}

function twice(what: string, first: number, second: number): LedgerOpenError {
  return new LedgerOpenError(
    'ledger_corrupt',
    `The ledger holds one ${what} twice (claims ${first} and ${second}); restore it from a backup, or have someone decide which claim counts.`,
  );
}
