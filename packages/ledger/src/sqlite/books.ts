import type Database from 'libsql';
import { movementNumber } from '../books.js';
import { DamagedRow, whole } from '../front/rows.js';
import { CLAIM_STATES, type ClaimState, stateNumber } from '../transitions.js';
import { columnsOf } from './columns.js';

/** Room for the number of a movement beside that of a kind. */
const movementRoom = 8;

interface Sum {
  count: number;
  amount: bigint;
}

// By state before (0: none yet) and state after.
const stateRoom = CLAIM_STATES.length + 1;
const movementNumbers: (number | undefined)[] = [];

/**
 * The books, in the transaction of the claims. What a batch moves is summed up in memory and written once for each kind
 * and movement, just before the commit, so that a claim costs the books next to nothing.
 */
export class Books {
  readonly #insertEntry: Database.Statement;
  readonly #writeTotal: Database.Statement;
  readonly #stored = new Map<number, Sum>();
  readonly #fresh = new Map<number, Sum>();

  /** @throws {DamagedRow} when what is there cannot be */
  constructor(db: Database.Database) {
    this.#insertEntry = db.prepare('INSERT INTO entry (claim, at, movement) VALUES (?, ?, ?)');
    this.#writeTotal = db.prepare(
      `INSERT INTO total (kind, movement, count, amount) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = excluded.count, amount = excluded.amount`,
    );
    for (const raw of db.prepare('SELECT kind, movement, count, amount FROM total').raw().all()) {
      const [kind, movement, count, amount] = columnsOf(raw);
      const at = whole(kind, 'kind') * movementRoom + whole(movement, 'movement');
      this.#stored.set(at, { count: whole(count, 'count'), amount: amountOf(amount) });
    }
  }

  /**
   * A claim has come into being (`from` undefined), or is about to change its state.
   *
   * @throws {RangeError} for a movement that there is not
   */
  moved(
    claim: { readonly seq: number; readonly kindId: number; readonly paid: bigint },
    from: ClaimState | undefined,
    to: ClaimState,
    atMs: number,
  ): void {
    const movement = numberOf(from, to);
    if (movement === 0) return;
    if (from !== undefined) this.#insertEntry.run([claim.seq, atMs, movement]);
    const at = claim.kindId * movementRoom + movement;
    const sum = this.#fresh.get(at);
    if (sum === undefined) this.#fresh.set(at, { count: 1, amount: claim.paid });
    else {
      sum.count++;
      sum.amount += claim.paid;
    }
  }

  /** Writes what has been moved; the last act of a transaction. */
  write(): void {
    for (const [at, { count, amount }] of this.#fresh) {
      const [kind, movement] = [Math.floor(at / movementRoom), at % movementRoom];
      const before = this.#stored.get(at);
      const sum = { count: (before?.count ?? 0) + count, amount: (before?.amount ?? 0n) + amount };
      this.#writeTotal.run([kind, movement, sum.count, String(sum.amount)]);
    }
  }

  /** The transaction is durable. */
  committed(): void {
    for (const [at, { count, amount }] of this.#fresh) {
      const sum = this.#stored.get(at);
      if (sum === undefined) this.#stored.set(at, { count, amount });
      else {
        sum.count += count;
        sum.amount += amount;
      }
    }
    this.#fresh.clear();
  }

  /** The transaction was rolled back. */
  rolledBack(): void {
    this.#fresh.clear();
  }
}

/**
 * A sum of amounts as it is stored.
 *
 * @throws {DamagedRow}
 */
export function amountOf(stored: unknown): bigint {
  if (typeof stored !== 'string' || !/^[0-9]{1,64}$/.test(stored)) {
    throw new DamagedRow('A total of the books is no amount.');
  }
  return BigInt(stored);
}

function numberOf(from: ClaimState | undefined, to: ClaimState): number {
  const at = (from === undefined ? 0 : stateNumber(from)) * stateRoom + stateNumber(to);
  const known = movementNumbers[at];
  if (known !== undefined) return known;
  const number = movementNumber(from, to);
  movementNumbers[at] = number;
  return number;
}
