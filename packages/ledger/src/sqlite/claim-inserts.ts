import type Database from 'libsql';
import { type ClaimShape, stateNumber } from '../transitions.js';
import { CLAIM_COLUMNS } from './columns.js';
import type { HashKey, Key } from './keys.js';

type Value = number | bigint | string | Buffer | null;

/** How many rows one statement may append: one for many costs a third less than one for each. */
const runRowsMax = 32;
/** Bytes of a row's two keys, when both are hashes. */
const keyBytes = 64;
/** What a run's rows say each for itself: kind, paid, expires, created, resource. */
const ownValues = 5;

/** A new claim's fields. */
export interface NewClaim {
  readonly challenge: HashKey;
  readonly reference: Key;
  readonly kindId: number;
  readonly paid: bigint;
  readonly resource: string;
  readonly expiresMs: number;
  readonly nowMs: number;
  /** Hash of the `Idempotency-Key`. */
  readonly key: Buffer | undefined;
  /** The quoted rate as it is stored; empty for none. */
  readonly rate: string;
}

/**
 * New claims of one batch, kept back to be appended many at once. Whoever reads or changes the table must {@link flush}
 * before.
 *
 * What a statement costs here is its parameters. So a run of neighbours in one shape says the shape once, and hands over
 * all its keys as one parameter, which the statement cuts up; a row with anything unusual goes alone.
 */
export class ClaimInserts {
  readonly #holder: number;
  readonly #db: Database.Database;
  /** By how many rows each appends; prepared when it is first needed. */
  readonly #runs: Database.Statement[] = [];
  readonly #alone: Database.Statement;
  readonly #keys = Buffer.alloc(runRowsMax * keyBytes);
  #first: { readonly seq: number; readonly shape: ClaimShape } | undefined;
  #values: Value[] = [];
  #rows = 0;

  /** @param holder who makes the claims */
  constructor(db: Database.Database, holder: number) {
    this.#db = db;
    this.#holder = holder;
    this.#alone = db.prepare(`INSERT INTO claim (${CLAIM_COLUMNS}) VALUES (${places(CLAIM_COLUMNS)})`);
  }

  /** Keeps a claim back. */
  add(seq: number, claim: NewClaim, shape: ClaimShape): void {
    const challenge = claim.challenge.stored;
    const reference = claim.reference.stored;
    if (typeof reference === 'string' || claim.key !== undefined || claim.rate !== '') {
      this.flush();
      this.#insertAlone(seq, claim, shape);
      return;
    }
    if (!this.#continues(seq, shape)) this.flush();
    this.#first ??= { seq, shape };
    const at = this.#rows * keyBytes;
    challenge.copy(this.#keys, at);
    reference.copy(this.#keys, at + challenge.length);
    this.#values.push(claim.kindId, claim.paid, claim.expiresMs, claim.nowMs, claim.resource);
    this.#rows++;
    if (this.#rows === runRowsMax) this.flush();
  }

  /** Appends what was kept back. */
  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const [values, rows] = [this.#values, this.#rows];
    this.clear();
    const { state, attempts, redeliveries } = first.shape;
    const keys = this.#keys.subarray(0, rows * keyBytes);
    const shared = [first.seq, stateNumber(state), attempts, redeliveries, this.#holder, keys];
    this.#runOf(rows).run([...shared, ...values]);
  }

  /** Forgets what was kept back. */
  clear(): void {
    this.#first = undefined;
    this.#values = [];
    this.#rows = 0;
  }

  #continues(seq: number, shape: ClaimShape): boolean {
    const first = this.#first;
    return (
      first !== undefined &&
      seq === first.seq + this.#rows &&
      shape.state === first.shape.state &&
      shape.attempts === first.shape.attempts &&
      shape.redeliveries === first.shape.redeliveries
    );
  }

  #runOf(rows: number): Database.Statement {
    const known = this.#runs[rows];
    if (known !== undefined) return known;
    const prepared = this.#db.prepare(runStatement(rows));
    this.#runs[rows] = prepared;
    return prepared;
  }

  #insertAlone(seq: number, claim: NewClaim, { state, attempts, redeliveries }: ClaimShape): void {
    this.#alone.run([
      seq,
      claim.kindId,
      stateNumber(state),
      claim.paid,
      attempts,
      redeliveries,
      this.#holder,
      claim.expiresMs,
      claim.nowMs,
      claim.nowMs,
      claim.challenge.stored,
      claim.reference.stored,
      claim.resource,
      claim.key ?? null,
      claim.rate === '' ? null : claim.rate,
    ]);
  }
}

/** Parameters: seq of the first row, state, attempts, redeliveries, holder, all keys; then {@link ownValues} a row. */
function runStatement(count: number): string {
  const rows = Array.from({ length: count }, (_, at) => {
    const [kind, paid, expires, created, resource] = [7, 8, 9, 10, 11].map((n) => `?${n + at * ownValues}`);
    const challenge = `substr(?6, ${at * keyBytes + 1}, 32)`;
    const reference = `substr(?6, ${at * keyBytes + 33}, 32)`;
    return `(?1 + ${at}, ${kind}, ?2, ${paid}, ?3, ?4, ?5, ${expires}, ${created}, ${created}, ${challenge}, ${reference}, ${resource}, NULL, NULL)`;
  });
  return `INSERT INTO claim (${CLAIM_COLUMNS}) VALUES ${rows.join(', ')}`;
}

function places(columns: string): string {
  return columns.replaceAll(/\w+/g, '?');
}
