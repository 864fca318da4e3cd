import { DamagedRow, whole } from '../front/rows.js';
import type { ClaimTotal } from '../ledger.js';
import { stateOfNumber } from '../transitions.js';
import { Session } from './session.js';
import type { Target } from './target.js';

/** How long the server may count. */
const totalsTimeoutMs = 300_000;

/**
 * Counts and sums every claim, on a connection of its own, so that no claim waits behind it.
 *
 * @throws {DamagedRow} for claims that cannot be
 */
export async function readTotals(target: Target): Promise<readonly ClaimTotal[]> {
  const session = await Session.connect(target, { statementTimeoutMs: totalsTimeoutMs, readsAll: true });
  try {
    const answer = await session.run(
      `SELECT state, method, currency, count(*), sum(paid)::text
       FROM "${target.schema}".claim LEFT JOIN "${target.schema}".kind ON kind.id = claim.kind
       GROUP BY state, method, currency ORDER BY state, method, currency`,
    );
    return answer.rows.map(totalOf);
  } finally {
    await session.end();
  }
}

function totalOf(row: readonly unknown[]): ClaimTotal {
  const [stored, method, currency, count, paid] = row;
  const state = stateOfNumber(whole(stored, 'state'));
  if (state === undefined || typeof method !== 'string' || typeof currency !== 'string') {
    throw new DamagedRow('Some claims are in no known state.');
  }
  if (typeof paid !== 'string') throw new DamagedRow('Some claims have no amount.');
  return { state, method, count: whole(count, 'count'), paid: { amount: BigInt(paid), currency } };
}
