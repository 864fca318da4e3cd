import { challengeIdOf, referenceOf } from '../front/keys.js';
import { type Row, rowOf, whole } from '../front/rows.js';
import type { StoredKind } from './kinds.js';

/** The columns of a claim, in the order that {@link readRow} expects. */
export const CLAIM_COLUMNS =
  'seq, kind, state, paid, attempts, redeliveries, holder, expires, created, updated, challenge, reference, resource, key, rate';

/** A claim with the row of its kind. */
export type SqliteRow = Row<StoredKind>;

/**
 * Reads a row as the database gives it (raw, integers as bigint) and asserts that it can be.
 *
 * @throws {DamagedRow}
 */
export function readRow(raw: unknown, kindOf: (id: number) => StoredKind | undefined): SqliteRow {
  const column = columnsOf(raw);
  const challenge = column[10];
  const kind = kindOf(whole(column[1], 'kind'));
  return rowOf({
    seq: column[0],
    kind,
    state: column[2],
    paid: column[3],
    attempts: column[4],
    redeliveries: column[5],
    holder: column[6],
    expires: column[7],
    created: column[8],
    updated: column[9],
    challengeId:
      challenge instanceof Uint8Array && challenge.length === 32 ? challengeIdOf(challenge) : undefined,
    reference: referenceOf(column[11]),
    resource: column[12],
    key: column[13],
    rate: column[14],
  });
}

/** A raw row as an array of columns; empty for what is no row. */
export function columnsOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}
