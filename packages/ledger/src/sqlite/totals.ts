import type Database from 'libsql';
import { DamagedRow, whole } from '../front/rows.js';
import type { ClaimTotal } from '../ledger.js';
import { stateOfNumber } from '../transitions.js';
import { columnsOf } from './columns.js';

/**
 * Counts and sums every claim, by state, method and currency.
 *
 * @throws {DamagedRow}
 */
export function readTotals(db: Database.Database): readonly ClaimTotal[] {
  const rows = db
    .prepare(
      `SELECT state, method, currency, count(*), sum(paid >> 32), sum(paid & 0xffffffff)
       FROM claim LEFT JOIN kind ON kind.id = claim.kind
       GROUP BY state, method, currency ORDER BY state, method, currency`,
    )
    .raw()
    .safeIntegers()
    .all();
  return rows.map((raw) => {
    const [number, method, currency, count, high, low] = columnsOf(raw);
    const state = stateOfNumber(whole(number, 'state'));
    if (state === undefined || typeof method !== 'string' || typeof currency !== 'string') {
      throw new DamagedRow('Some claims are in no known state.');
    }
    return { state, method, count: whole(count, 'count'), paid: { amount: joined(high, low), currency } };
  });
}

/**
 * A sum in two halves, because SQLite's own sum() of 64-bit integers fails when it overflows: of what is above the lowest
 * 32 bits, and of those.
 *
 * @throws {DamagedRow}
 */
export function joined(high: unknown, low: unknown): bigint {
  if (typeof high === 'bigint' && typeof low === 'bigint') return (high << 32n) + low;
  throw new DamagedRow('Some claims have no amount.');
}
