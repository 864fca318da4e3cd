import type { Claim } from '../ledger.js';
import { type ClaimShape, impossible, type Standing, standingOfNumber, stateOf } from '../transitions.js';
import { challengeIdOf, referenceOf } from './keys.js';
import type { Kind } from './kinds.js';

/** The columns of a claim, in the order that {@link readRow} expects. */
export const CLAIM_COLUMNS =
  'seq, kind, state, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource, key';

/** A row of the table of claims. */
export interface Row extends ClaimShape {
  readonly seq: number;
  readonly kind: Kind;
  readonly standing: Standing;
  readonly paid: bigint;
  readonly attempts: number;
  readonly redeliveries: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly challengeId: string;
  readonly reference: string;
  readonly resource: string;
  /** Hash of the `Idempotency-Key`; see `keys.ts`. */
  readonly key: Uint8Array | undefined;
}

/** A row that cannot be: the ledger is damaged there, and that claim is refused. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
}

/**
 * Reads a row as the database gives it (raw, integers as bigint) and asserts that it can be.
 *
 * @throws {DamagedRow}
 */
export function readRow(raw: unknown, kindOf: (id: number) => Kind | undefined): Row {
  const column: readonly unknown[] = Array.isArray(raw) ? raw : [];
  const seq = whole(column[0], 'seq');
  const kind = kindOf(whole(column[1], 'kind'));
  const standing = standingOfNumber(whole(column[2], 'state'));
  const paid = column[3];
  const challenge = column[9];
  const reference = referenceOf(column[10]);
  const resource = column[11];
  const key = column[12];
  if (kind === undefined) throw new DamagedRow(`Claim ${seq} is of no known kind.`);
  if (standing === undefined) throw new DamagedRow(`Claim ${seq} is in no known state.`);
  if (typeof paid !== 'bigint' || paid < 0n) throw new DamagedRow(`Claim ${seq} has no amount.`);
  if (!(challenge instanceof Uint8Array) || challenge.length !== 32) {
    throw new DamagedRow(`Claim ${seq} has no challenge id.`);
  }
  if (reference === undefined) throw new DamagedRow(`Claim ${seq} has no payment reference.`);
  if (typeof resource !== 'string') throw new DamagedRow(`Claim ${seq} has no resource.`);
  if (key !== null && !(key instanceof Uint8Array && key.length === 16)) {
    throw new DamagedRow(`Claim ${seq} has a key that is no hash.`);
  }
  const row = {
    seq,
    kind,
    standing,
    paid,
    attempts: whole(column[4], 'attempts'),
    redeliveries: whole(column[5], 'redeliveries'),
    createdMs: whole(column[7], 'created'),
    updatedMs: whole(column[8], 'updated'),
    challengeId: challengeIdOf(challenge),
    reference,
    resource,
    key: key ?? undefined,
  };
  assertPossible(row, seq);
  return row;
}

/**
 * Asserts that a claim can be, on its way in or out.
 *
 * @throws {DamagedRow}
 */
export function assertPossible(shape: ClaimShape, seq: number): void {
  const reason = impossible(shape);
  if (reason !== undefined) throw new DamagedRow(`Claim ${seq} cannot be: ${reason}.`);
}

/** The row as callers see it. */
export function claimOf(row: Row): Claim {
  return {
    seq: row.seq,
    challengeId: row.challengeId,
    reference: row.reference,
    method: row.kind.method,
    intent: row.kind.intent,
    paid: { amount: row.paid, currency: row.kind.currency },
    route: row.kind.route,
    resource: row.resource,
    state: stateOf(row.standing),
    answered: row.standing === 'answered',
    redeliveries: row.redeliveries,
    attempts: row.attempts,
    createdMs: row.createdMs,
    updatedMs: row.updatedMs,
  };
}

/** A stored integer as a number. */
export function whole(value: unknown, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw new DamagedRow(`A claim's ${what} is no whole number.`);
  }
  return number;
}
