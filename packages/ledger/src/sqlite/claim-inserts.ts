import type Database from 'libsql';
import { type ClaimShape, stateNumber } from '../transitions.js';
import { CLAIM_COLUMNS } from './columns.js';

type Value = number | bigint | string | Buffer | null;

/** How many rows one statement may append: one for many costs a third less than one for each. */
const runRowsMax = 32;
/** Bytes of a row's two keys, when both are hashes. */
const keyBytes = 64;
/** What a run's rows say each for itself: kind, paid, expires, created, resource. */
const ownValues = 5;

/** A claim's row as it comes into being. */
export interface NewRow {
  readonly seq: number;
  readonly kindId: number;
  readonly shape: ClaimShape;
  readonly paid: bigint;
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly challenge: Buffer;
  readonly reference: Buffer | string;
  readonly resource: string;
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
  #first: NewRow | undefined;
  #values: Value[] = [];
  #rows = 0;

  /** @param holder who makes the claims */
  constructor(db: Database.Database, holder: number) {
    this.#db = db;
    this.#holder = holder;
    this.#alone = db.prepare(`INSERT INTO claim (${CLAIM_COLUMNS}) VALUES (${places(CLAIM_COLUMNS)})`);
  }

  /** Keeps a row back. */
  add(row: NewRow): void {
    const { challenge, reference } = row;
    if (typeof reference === 'string' || row.key !== undefined || row.rate !== '') {
      this.flush();
      this.#insertAlone(row);
      return;
    }
    if (this.#first !== undefined && !this.#continues(this.#first, row)) this.flush();
    this.#first ??= row;
    const at = this.#rows * keyBytes;
    challenge.copy(this.#keys, at);
    reference.copy(this.#keys, at + challenge.length);
    this.#values.push(row.kindId, row.paid, row.expiresMs, row.createdMs, row.resource);
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

  #continues(first: NewRow, { seq, shape }: NewRow): boolean {
    return (
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

  #insertAlone(row: NewRow): void {
    const { state, attempts, redeliveries } = row.shape;
    this.#alone.run([
      row.seq,
      row.kindId,
      stateNumber(state),
      row.paid,
      attempts,
      redeliveries,
      this.#holder,
      row.expiresMs,
      row.createdMs,
      row.createdMs,
      row.challenge,
      row.reference,
      row.resource,
      row.key ?? null,
      row.rate === '' ? null : row.rate,
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
