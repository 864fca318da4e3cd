import { settledLateMsMax } from '@farebox/gate';
import { type Ledger, SteadyTime } from '@farebox/ledger';
import { releaseName } from './sell/release.js';
import type { Database } from './store/database.js';
import { releasedDomains } from './store/domains.js';
import { pruneLocks } from './store/locks.js';
import { lapsePurchases, prunePurchases } from './store/purchases.js';

/**
 * How long an order that nobody has presented a credential for is kept after its challenge is over. A payment that was made in
 * time and comes later still is judged all the same, and its order is made again.
 */
export const unpaidKeptMs = 3_600_000;
/** How long an order waits whose credential was presented: as long as the gate takes one that was paid in time, and a day. */
export const presentedKeptMs = settledLateMsMax + 24 * 3_600_000;
/** How long what is left of a lock is kept. */
export const lockKeptMs = 24 * 3_600_000;
/** Rows that are touched in one step, so that orders do not wait. */
const stepRows = 500;
const everyMs = 60_000;
/** How long the ledger keeps what: credits, answers, claims. */
const ledgerTerms = {
  redemptionWindowMs: 90 * 24 * 3_600_000,
  replayWindowMs: 24 * 3_600_000,
  retentionMs: 400 * 24 * 3_600_000,
};

/**
 * One round: names whose grace is over go back to the pool, with an event; what was never paid is forgotten.
 *
 * @returns how many names were released
 */
export async function tidyStore(db: Database, nowMs: number): Promise<number> {
  let released = 0;
  for (;;) {
    const step = await db.write(async (sql) => {
      const over = await releasedDomains(sql, nowMs, stepRows);
      for (const former of over) await releaseName(sql, former);
      return over.length;
    });
    released += step;
    if (step < stepRows) break;
  }
  await db.write((sql) => lapsePurchases(sql, nowMs - presentedKeptMs, nowMs, stepRows));
  while ((await db.write((sql) => prunePurchases(sql, nowMs - unpaidKeptMs, stepRows))) === stepRows);
  while ((await db.write((sql) => pruneLocks(sql, nowMs - lockKeptMs, stepRows))) === stepRows);
  return released;
}

/** Housekeeping that goes on. */
export interface Housekeeping {
  /** Resolves when the round that is on has ended. */
  stop(): Promise<void>;
}

/**
 * Starts it: at once, then every minute. Nothing of it can be undone, so that it waits for an hour after the clock was set.
 *
 * @param elapsed milliseconds on a clock that nobody sets; the process's own unless given
 */
export function startHousekeeping(
  db: Database,
  ledger: Ledger,
  now: () => number,
  told: { readonly released: () => void; readonly fault: (what: string, error: unknown) => void },
  elapsed?: () => number,
): Housekeeping {
  const time = new SteadyTime(
    now,
    (movedMs) =>
      told.fault(
        'the clock was set, or the machine slept: for an hour no name goes back and nothing is removed',
        new Error(`the clock was moved by ${Math.round(movedMs / 1000)} seconds`),
      ),
    elapsed,
  );
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    try {
      const terms = { ...ledgerTerms, rowsMax: stepRows };
      let nowMs = time.read();
      if (nowMs !== undefined && (await tidyStore(db, nowMs)) > 0) told.released();
      while (!stopped && nowMs !== undefined && (await ledger.sweep({ ...terms, nowMs })).more)
        nowMs = time.read();
    } catch (error) {
      told.fault('housekeeping failed; it is tried again in a minute', error);
    }
    if (stopped) return;
    timer = setTimeout(run, everyMs);
    timer.unref();
  }
  function run(): void {
    round = once();
  }
  run();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
