import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClaimRequest,
  type Ledger,
  openSqliteLedger,
  openSqliteReader,
  type SqliteLedger,
} from '@farebox/ledger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Housekeeping, startHousekeeping, sweepEveryMs, sweepRowsMax } from './housekeeping.js';
import { createLogger } from './log.js';
import { until } from './testing/rig.js';

const dayMs = 86_400_000;
const startMs = 1_800_000_000_000;

let folder = '';
let path = '';
let ledger: SqliteLedger;
let nowMs = startMs;
/** What is configured at the moment. */
let redemption = windows();
let keeper: Housekeeping | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-housekeeping-'));
  path = join(folder, 'farebox.db');
  ledger = await openSqliteLedger({ path });
  nowMs = startMs;
  redemption = windows();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  await keeper?.stop();
  keeper = undefined;
  vi.useRealTimers();
  await ledger.close();
  await rm(folder, { recursive: true });
});

function windows() {
  return {
    ...{ redeliveriesMax: 3, attemptsMax: 20, acceptPaidInTime: false },
    ...{ creditWindowMs: 90 * dayMs, replayWindowMs: dayMs, retentionMs: 400 * dayMs },
  };
}

/** Keeps house in the ledger, with `sweep` in place of its own where that is given. The clock is right unless it is set. */
function keep(
  sweep: Ledger['sweep'] = (terms) => ledger.sweep(terms),
  elapsed: () => number = () => nowMs,
): void {
  keeper = startHousekeeping(
    { sweep },
    () => redemption,
    () => nowMs,
    createLogger('silent'),
    elapsed,
  );
}

function requestOf(n: number): ClaimRequest {
  const challengeId = createHash('sha256').update(`challenge ${n}`).digest('base64url');
  return {
    ...{ challengeId, reference: `payment ${n}`, method: 'lightning', intent: 'charge' },
    paid: { amount: 7n, currency: 'sat' },
    ...{ route: 'GET /paid/*', resource: 'GET /paid/price', expiresMs: startMs + 300_000, nowMs: startMs },
  };
}

const stateOf = async (n: number) => (await ledger.find(requestOf(n).challengeId))?.state;

describe('housekeeping', () => {
  it('lets a credit expire that nobody redeemed in time: what was owed is breakage', async () => {
    await ledger.release(requestOf(1));
    keep();
    vi.advanceTimersByTime(sweepEveryMs);
    nowMs += redemption.creditWindowMs + 1;
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it has expired', async () => (await stateOf(1)) === 'expired');
    const reader = await openSqliteReader({ path });
    expect(await reader.movements()).toMatchObject([
      { debit: 'received', credit: 'owed', amount: { amount: 7n, currency: 'sat' } },
      { debit: 'owed', credit: 'breakage', amount: { amount: 7n, currency: 'sat' } },
    ]);
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
    await reader.close();
  });

  it('leaves a credit alone whose time is not over, and goes by what is configured now', async () => {
    await ledger.release(requestOf(1));
    nowMs += redemption.creditWindowMs;
    let steps = 0;
    keep(async (terms) => {
      const swept = await ledger.sweep(terms);
      steps++;
      return swept;
    });
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it was swept', () => steps === 1);
    expect(await stateOf(1)).toBe('released');
    redemption = { ...redemption, creditWindowMs: dayMs };
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it has expired', async () => (await stateOf(1)) === 'expired');
  });

  it('does nothing while the clock is wrong, nor for an hour after it was set right', async () => {
    await ledger.release(requestOf(1));
    let [elapsedMs, sweeps] = [0, 0];
    keep(
      (terms) => {
        sweeps++;
        return ledger.sweep(terms);
      },
      () => elapsedMs,
    );
    const round = async (): Promise<void> => {
      nowMs += sweepEveryMs;
      elapsedMs += sweepEveryMs;
      vi.advanceTimersByTime(sweepEveryMs);
      await new Promise((resolve) => setImmediate(resolve));
    };
    nowMs += 91 * dayMs;
    for (let minute = 0; minute < 3; minute++) await round();
    expect([sweeps, await stateOf(1)]).toEqual([0, 'released']);
    nowMs -= 91 * dayMs;
    for (let minute = 0; minute < 60; minute++) await round();
    expect(sweeps).toBe(0);
    await round();
    await until('it is swept again', () => sweeps === 1);
    expect(await stateOf(1)).toBe('released');
  });

  it('does again what failed', async () => {
    await ledger.release(requestOf(1));
    nowMs += redemption.creditWindowMs + 1;
    let failures = 0;
    keep((terms) => {
      if (failures > 0) return ledger.sweep(terms);
      failures++;
      return Promise.reject(new Error('the disk is full'));
    });
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it has failed', () => failures === 1);
    expect(await stateOf(1)).toBe('released');
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it has expired', async () => (await stateOf(1)) === 'expired');
  });

  it('stops after the step under way, and not before', async () => {
    await Promise.all([1, 2].map((n) => ledger.release(requestOf(n))));
    nowMs += redemption.creditWindowMs + 1;
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let steps = 0;
    keep(async (terms) => {
      expect(terms.rowsMax).toBe(sweepRowsMax);
      steps++;
      await held;
      return ledger.sweep({ ...terms, rowsMax: 1 });
    });
    vi.advanceTimersByTime(sweepEveryMs);
    await until('it has begun', () => steps === 1);
    let stopped = false;
    const stopping = keeper?.stop().then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    letGo();
    await stopping;
    // There was more to do, and no further step was taken.
    expect([steps, await stateOf(1), await stateOf(2)]).toEqual([1, 'expired', 'released']);
    vi.advanceTimersByTime(sweepEveryMs * 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toBe(1);
  });
});
