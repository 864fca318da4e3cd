import type { QuotedRate } from '@farebox/protocol';
import type { Claim } from '../ledger.js';
import { readRate } from '../quoted-rate.js';
import {
  type ClaimShape,
  type ClaimState,
  type Hold,
  impossible,
  isHeld,
  stateOfNumber,
} from '../transitions.js';
import type { Kind } from './kind.js';

/** A claim as a store has it. */
export interface Row<K extends Kind = Kind> extends ClaimShape {
  readonly seq: number;
  readonly kind: K;
  readonly state: ClaimState;
  readonly paid: bigint;
  readonly attempts: number;
  readonly redeliveries: number;
  /** Who moved it last; means something only while somebody works on it (`isHeld`). */
  readonly holder: number;
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly challengeId: string;
  readonly reference: string;
  readonly resource: string;
  /** Hash of the `Idempotency-Key`; see `keys.ts`. */
  readonly key: Uint8Array | undefined;
  readonly rate: QuotedRate | undefined;
}

/** The columns of a claim as a database gives them; integers as number or bigint. */
export interface ClaimColumns<K extends Kind = Kind> {
  readonly seq: unknown;
  /** The kind that the column names; undefined when it names none. */
  readonly kind: K | undefined;
  readonly state: unknown;
  /** bigint */
  readonly paid: unknown;
  readonly attempts: unknown;
  readonly redeliveries: unknown;
  readonly holder: unknown;
  readonly expires: unknown;
  readonly created: unknown;
  readonly updated: unknown;
  /** Decoded from how the store keeps it; undefined when it cannot be. */
  readonly challengeId: string | undefined;
  /** Decoded from how the store keeps it; undefined when it cannot be. */
  readonly reference: string | undefined;
  readonly resource: unknown;
  readonly key: unknown;
  readonly rate: unknown;
}

/** A row that cannot be: the ledger is damaged there, and that claim is refused. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
}

/** Bytes that are kept of the hash of an `Idempotency-Key`. */
const keyBytes = 16;

/**
 * Reads a row, and asserts that it can be.
 *
 * @throws {DamagedRow}
 */
export function rowOf<K extends Kind>(columns: ClaimColumns<K>): Row<K> {
  const { kind, paid, challengeId, reference, resource, key } = columns;
  const seq = whole(columns.seq, 'seq');
  const state = stateOfNumber(whole(columns.state, 'state'));
  if (kind === undefined) throw new DamagedRow(`Claim ${seq} is of no known kind.`);
  if (state === undefined) throw new DamagedRow(`Claim ${seq} is in no known state.`);
  if (typeof paid !== 'bigint' || paid < 0n) throw new DamagedRow(`Claim ${seq} has no amount.`);
  if (challengeId === undefined) throw new DamagedRow(`Claim ${seq} has no challenge id.`);
  if (reference === undefined) throw new DamagedRow(`Claim ${seq} has no payment reference.`);
  if (typeof resource !== 'string') throw new DamagedRow(`Claim ${seq} has no resource.`);
  if (key !== null && !(key instanceof Uint8Array && key.length === keyBytes)) {
    throw new DamagedRow(`Claim ${seq} has a key that is no hash.`);
  }
  const row = {
    seq,
    kind,
    state,
    paid,
    attempts: whole(columns.attempts, 'attempts'),
    redeliveries: whole(columns.redeliveries, 'redeliveries'),
    holder: whole(columns.holder, 'holder'),
    expiresMs: whole(columns.expires, 'expires'),
    createdMs: whole(columns.created, 'created'),
    updatedMs: whole(columns.updated, 'updated'),
    challengeId,
    reference,
    resource,
    key: key ?? undefined,
    rate: readRate(columns.rate),
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

/** What is seen of a claim besides its row. */
export interface Seen {
  /** In whose hands it is; used only while somebody works on it. */
  readonly hold: Hold;
  /** Hash of the `Idempotency-Key` that the asker named. */
  readonly key: Uint8Array | undefined;
  readonly answerKept: boolean;
}

/** The row as callers see it. */
export function claimOf(row: Row, seen: Seen): Claim {
  return {
    seq: row.seq,
    challengeId: row.challengeId,
    reference: row.reference,
    method: row.kind.method,
    intent: row.kind.intent,
    paid: { amount: row.paid, currency: row.kind.currency },
    ...(row.rate && { rate: row.rate }),
    route: row.kind.route,
    resource: row.resource,
    state: row.state,
    hold: isHeld(row.state) ? seen.hold : undefined,
    redeliveries: row.redeliveries,
    attempts: row.attempts,
    keyMatches: isSameKey(row.key, seen.key),
    answerKept: seen.answerKept,
    expiresMs: row.expiresMs,
    createdMs: row.createdMs,
    updatedMs: row.updatedMs,
  };
}

/** True when both are there and equal. What is compared are hashes: how long it takes tells nothing. */
function isSameKey(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

/** A stored integer as a number. */
export function whole(value: unknown, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw new DamagedRow(`A claim's ${what} is no whole number.`);
  }
  return number;
}
