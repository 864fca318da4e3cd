import type Database from 'libsql';
import type { MovementTotal } from '../books.js';
import type { StateSum } from '../front/audit.js';
import { DamagedRow, whole } from '../front/rows.js';
import { stateOfNumber } from '../transitions.js';
import { amountOf } from './books.js';
import { columnsOf } from './columns.js';
import { movementOf } from './read-claims.js';
import { joined } from './totals.js';

/**
 * What the books say.
 *
 * @throws {DamagedRow}
 */
export function readMovements(db: Database.Database): readonly MovementTotal[] {
  const rows = db
    .prepare(
      `SELECT movement, method, intent, currency, route, count, amount
       FROM total LEFT JOIN kind ON kind.id = total.kind ORDER BY method, intent, currency, route, movement`,
    )
    .raw()
    .all();
  return rows.map((raw) => {
    const [movement, method, intent, currency, route, count, amount] = columnsOf(raw);
    return {
      ...movementOf(movement),
      method: name(method),
      intent: name(intent),
      route: name(route),
      count: whole(count, 'count'),
      amount: { amount: amountOf(amount), currency: name(currency) },
    };
  });
}

/**
 * What the claims say; reads all of them.
 *
 * @throws {DamagedRow}
 */
export function readStateSums(db: Database.Database): readonly StateSum[] {
  const rows = db
    .prepare(
      `SELECT method, currency, route, state, count(*), sum(paid >> 32), sum(paid & 0xffffffff)
       FROM claim LEFT JOIN kind ON kind.id = claim.kind GROUP BY claim.kind, state`,
    )
    .raw()
    .safeIntegers()
    .all();
  return rows.map((raw) => {
    const [method, currency, route, number, count, high, low] = columnsOf(raw);
    const state = stateOfNumber(whole(number, 'state'));
    if (state === undefined) throw new DamagedRow('Some claims are in no known state.');
    const names = { method: name(method), currency: name(currency), route: name(route) };
    return { ...names, state, count: whole(count, 'count'), amount: joined(high, low) };
  });
}

function name(value: unknown): string {
  if (typeof value !== 'string') throw new DamagedRow('A part of the books is of no known kind.');
  return value;
}
