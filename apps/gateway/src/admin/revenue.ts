import type { Entry } from '@farebox/ledger';

/** Stretches by which revenue may be told, all in UTC. */
export const REVENUE_STRETCHES = ['hour', 'day', 'month', 'total'] as const;

/** One of {@link REVENUE_STRETCHES}. */
export type RevenueStretch = (typeof REVENUE_STRETCHES)[number];

/** Most rows of one answer. */
export const revenueRowsMax = 10_000;

/** What moved on one route, in one payment method and currency, in one stretch of time. Base units. */
export interface RevenueRow {
  /** When the stretch begins, milliseconds since the epoch; undefined: the whole period. */
  readonly startMs: number | undefined;
  readonly route: string;
  readonly method: string;
  readonly currency: string;
  /** Payments that were presented for the first time. */
  readonly payments: number;
  readonly received: bigint;
  /** Delivered. */
  readonly revenue: bigint;
  /** What became owed, less what of it was settled. */
  readonly owed: bigint;
  readonly breakage: bigint;
  readonly refunds: bigint;
}

/** There would be more than {@link revenueRowsMax} rows. */
export class TooManyRows extends Error {
  override readonly name = 'TooManyRows';
  readonly code = 'too_many_rows';
}

type Sums = { -readonly [Name in keyof RevenueRow]: RevenueRow[Name] };

/**
 * Adds entries up, by stretch, route, method and currency, in the order in which they first occur.
 *
 * @throws {TooManyRows}
 */
export async function sumRevenue(entries: AsyncIterable<Entry>, by: RevenueStretch): Promise<RevenueRow[]> {
  const rows = new Map<string, Sums>();
  for await (const { atMs, method, route, amount, debit, credit } of entries) {
    const startMs = startOf(by, atMs);
    const name = JSON.stringify([startMs, route, method, amount.currency]);
    let row = rows.get(name);
    if (row === undefined) {
      if (rows.size >= revenueRowsMax)
        throw new TooManyRows('There are too many rows; ask for a shorter period or longer stretches.');
      row = { startMs, route, method, currency: amount.currency, ...nothing };
      rows.set(name, row);
    }
    if (debit === 'received') {
      row.payments += 1;
      row.received += amount.amount;
    } else if (debit === 'owed' || debit === 'revenue' || debit === 'breakage') {
      row[debit] -= amount.amount;
    }
    if (credit !== 'received') row[credit] += amount.amount;
  }
  return [...rows.values()];
}

const nothing = { payments: 0, received: 0n, revenue: 0n, owed: 0n, breakage: 0n, refunds: 0n };

function startOf(by: RevenueStretch, ms: number): number | undefined {
  const time = new Date(ms);
  switch (by) {
    case 'hour':
      return ms - (ms % 3_600_000);
    case 'day':
      return ms - (ms % 86_400_000);
    case 'month':
      return Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1);
    case 'total':
      return undefined;
  }
}
