import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lifeChild } from '../testing/child.js';
import { type LedgerFolder, ledgerFolder, readSql } from '../testing/files.js';
import { keptAnswer, lifeOf, stateAfter } from '../testing/lives.js';
import { requestOf } from '../testing/requests.js';
import type { SqliteLedger } from './ledger.js';
import { openSqliteLedger } from './open.js';
import { openSqliteReader } from './open-reader.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

/** Each round starts a process, which on a machine with much else to do takes as long as a test may. */
const sixStarts = { timeout: 600_000 };

describe('a process killed with -9 in the middle of many lives', () => {
  it('left every claim where it said, or one step further, and its books in balance', sixStarts, async () => {
    const acknowledged = new Map<number, number>();
    for (let round = 0; round < 6; round++) {
      const child = lifeChild([at.path, round * 1_000_000, 16]);
      await child.said(50 + Math.floor(Math.random() * 400));
      child.process.kill('SIGKILL');
      expect(await child.ended).toBeNull();
      for (const line of child.lines) {
        const [n = Number.NaN, step = Number.NaN] = line.split(' ').map(Number);
        expect(step).toBe((acknowledged.get(n) ?? 0) + 1);
        acknowledged.set(n, step);
      }
      const ledger = await openSqliteLedger(at);
      await Promise.all([...acknowledged].map(([n, steps]) => look(ledger, n, steps)));
      await ledger.close();
      const reader = await openSqliteReader(at);
      expect(await reader.audit()).toEqual({ faults: [], partial: false });
      await reader.close();
    }
    // Somewhere in the middle of each kind of life, or this has shown nothing.
    const middles = [...acknowledged].filter(([n, steps]) => steps < lifeOf(n).length);
    expect(middles.length).toBeGreaterThan(6);
    expect(readSql(at.path, 'PRAGMA integrity_check')).toEqual([['ok']]);
  });
});

async function look(ledger: SqliteLedger, n: number, steps: number): Promise<void> {
  const claim = await ledger.find(requestOf(n).challengeId);
  const possible = [stateAfter(n, steps), stateAfter(n, steps + 1)];
  expect(possible, `life ${n} after step ${steps}`).toContain(claim?.state);
  if (claim?.state === 'claimed' || claim?.state === 'delivered') expect(claim.hold).toBe('orphaned');
  const kept = lifeOf(n).findIndex((verb) => verb === 'settle' || verb === 'deliver with its answer');
  if (claim === undefined || kept < 0 || steps <= kept) return;
  expect(await ledger.answer(claim.seq)).toMatchObject({ status: keptAnswer.status, headers: ['x', 'y'] });
}
