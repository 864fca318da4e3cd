import type { Kind } from '../front/kind.js';
import type { Enter } from '../front/operations.js';
import { assertPossible, DamagedRow, type Row, rowOf, whole } from '../front/rows.js';
import { readRate } from '../quoted-rate.js';
import { type ClaimShape, type ClaimState, stateOfNumber } from '../transitions.js';
import { challengeOfStored, referenceOfStored } from './keys.js';

/** A claim that PostgreSQL says is there could not be found: it was removed meanwhile. The batch is tried again. */
export class Vanished extends Error {
  override readonly name = 'Vanished';
}

/** A claim as a transaction knows it. */
export interface Held {
  readonly seq: number;
  /** What never changes of it is right here; of the rest see below. Made only when it is asked for. */
  row: (() => Row) | undefined;
  shape: ClaimShape;
  /** Who moved it last. */
  holder: number;
  updatedMs: number;
  /** Hash of the `Idempotency-Key`. */
  key: Uint8Array | undefined;
  /** The stored number of its kind, and what was paid: what the books need. */
  kindId: number;
  paid: bigint;
  answerKept: boolean;
  /** Where it stood before the transaction, or came into being in it; undefined until that is known. */
  before: ClaimState | undefined;
  changed: boolean;
  /** Why nothing may be said of it. */
  damage: DamagedRow | undefined;
}

/** A claim of which nothing is known yet but its place. */
export function unknownHeld(seq: number): Held {
  return {
    seq,
    row: undefined,
    shape: { state: 'claimed', attempts: 0, redeliveries: 0 },
    holder: 0,
    updatedMs: 0,
    key: undefined,
    kindId: 0,
    paid: 0n,
    answerKept: false,
    before: undefined,
    changed: false,
    damage: undefined,
  };
}

/** A claim that this transaction has appended for an operation. */
export function newHeld(
  seq: number,
  operation: Enter,
  shape: ClaimShape,
  { holder, kindOf, kindIdOf }: NewHeldTerms,
): Held {
  const { challengeId, reference, paid, resource, nowMs, key, expiresMs, kind } = operation;
  const rate = readRate(operation.rate);
  return {
    seq,
    row: () => {
      const times = { expiresMs, createdMs: nowMs, updatedMs: nowMs };
      const names = { challengeId, reference, resource, kind: kindOf(kind) };
      return { seq, paid, key, rate, holder, ...names, ...shape, ...times };
    },
    shape,
    holder,
    updatedMs: nowMs,
    key,
    kindId: kindIdOf(kind),
    paid,
    answerKept: false,
    before: shape.state,
    changed: false,
    damage: undefined,
  };
}

/** What {@link newHeld} needs. */
export interface NewHeldTerms {
  readonly holder: number;
  /** The kind behind the caller's number, and its stored id. */
  readonly kindOf: (number: number) => Kind;
  readonly kindIdOf: (number: number) => number;
}

/** A row of the statement `read`. */
export interface ReadRow {
  readonly challenge: string | undefined;
  readonly reference: string | undefined;
  readonly kindId: unknown;
  readonly answerKept: boolean;
  /** What is known of the holder, see `HOLDER_FENCED`; null when it has no row or holds nothing. */
  readonly standing: unknown;
  /** The row as all stores know it, asserted. @throws {DamagedRow} */
  readonly row: () => Row;
}

/** Takes a row of the statement `read` (`readColumns`) apart. */
export function readRowOf(raw: readonly unknown[]): ReadRow {
  const [seq, kindId, state, stored, attempts, redeliveries, holder, expires, created, updated] = raw;
  const [challengeBytes, referenceBytes, resource, key, rate, ...names] = raw.slice(10);
  const [method, intent, currency, route, answerKept, standing] = names;
  const challengeId = challengeOfStored(challengeBytes);
  const reference = referenceOfStored(referenceBytes);
  const times = { expires, created, updated };
  const paid = typeof stored === 'number' ? BigInt(stored) : stored;
  const row = (): Row => {
    const kind = kindOf(method, intent, currency, route);
    const counts = { attempts, redeliveries };
    return rowOf({
      seq,
      kind,
      state,
      paid,
      holder,
      challengeId,
      reference,
      resource,
      key,
      rate,
      ...counts,
      ...times,
    });
  };
  return { challenge: challengeId, reference, kindId, answerKept: answerKept === true, standing, row };
}

function kindOf(method: unknown, intent: unknown, currency: unknown, route: unknown): Kind | undefined {
  if (typeof method !== 'string' || typeof intent !== 'string') return undefined;
  if (typeof currency !== 'string' || typeof route !== 'string') return undefined;
  return { method, intent, currency, route };
}

/**
 * An amount as the session gives it.
 *
 * @throws {DamagedRow}
 */
export function amountOf(stored: unknown, seq: unknown): bigint {
  const amount = typeof stored === 'number' ? BigInt(stored) : stored;
  if (typeof amount !== 'bigint' || amount < 0n) throw new DamagedRow(`Claim ${String(seq)} has no amount.`);
  return amount;
}

/**
 * Takes over what the statement `read` gives.
 *
 * @throws {DamagedRow}
 */
export function takeRead(held: Held, read: ReadRow): Row {
  const row = read.row();
  held.row = () => row;
  held.shape = row;
  held.before = row.state;
  held.holder = row.holder;
  held.updatedMs = row.updatedMs;
  held.key = row.key;
  held.kindId = whole(read.kindId, 'kind');
  held.paid = row.paid;
  held.answerKept = read.answerKept;
  return row;
}

/**
 * Takes over what the statement `lock` (`LOCKED_COLUMNS`) gives: from here on nobody else changes it.
 *
 * @throws {DamagedRow}
 */
export function takeLocked(held: Held, raw: readonly unknown[]): void {
  const { seq } = held;
  const [, stored, holder, attempts, redeliveries, updated, key, kind, paid] = raw;
  const state = stateOfNumber(whole(stored, 'state'));
  if (state === undefined) throw new DamagedRow(`Claim ${seq} is in no known state.`);
  const shape = {
    state,
    attempts: whole(attempts, 'attempts'),
    redeliveries: whole(redeliveries, 'redeliveries'),
  };
  assertPossible(shape, seq);
  held.shape = shape;
  held.before = state;
  held.holder = whole(holder, 'holder');
  held.updatedMs = whole(updated, 'updated');
  held.key = key instanceof Uint8Array ? key : undefined;
  held.kindId = whole(kind, 'kind');
  held.paid = amountOf(paid, seq);
}

/**
 * The claim as it is now: what was read of it, with what was locked or decided since.
 *
 * @throws {DamagedRow} @throws {Vanished}
 */
export function currentRow(held: Held): Row {
  if (held.damage !== undefined) throw held.damage;
  if (held.row === undefined) throw new Vanished('a claim was locked without having been read');
  const { holder, updatedMs, key } = held;
  return { ...held.row(), ...held.shape, holder, updatedMs, key };
}
