import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pendingAnswerBytesMax, pendingOpsMax } from '../front/queue.js';
import { storedAnswerBytesMax } from '../request-bounds.js';
import { type LedgerFolder, ledgerFolder, patienceMs, readSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import type { SqliteLedger } from './ledger.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
let ledger: SqliteLedger;
beforeEach(async () => {
  at = ledgerFolder();
  ledger = await openSqliteLedger({ ...at, patienceMs });
});
afterEach(async () => {
  await ledger.close();
  at.remove();
});

describe('group commit', () => {
  it('one turn of the event loop, one commit', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => ledger.deliver(requestOf(n))));
    expect(ledger.stats).toEqual({ commits: 1, operations: 500 });
  });

  it('64 in flight: far fewer commits than operations', async () => {
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < 4000) {
        const result = await ledger.deliver(requestOf(next++));
        if (result.ok) void ledger.answered(result.seq, 1);
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
    await ledger.totals();
    const { commits, operations } = ledger.stats;
    expect(operations).toBe(8001);
    expect(operations / commits).toBeGreaterThan(16);
  });

  it('one at a time: each has a commit of its own', async () => {
    for (let n = 0; n < 20; n++) await ledger.deliver(requestOf(n));
    expect(ledger.stats).toEqual({ commits: 20, operations: 20 });
  });

  it('reads and refusals commit nothing', async () => {
    await ledger.deliver(requestOf(1));
    const seen = [ledger.find(requestOf(1).challengeId), ledger.deliver(requestOf(1)), ledger.totals()];
    await Promise.all(seen);
    expect(ledger.stats).toEqual({ commits: 1, operations: 4 });
  });

  it('bounds what may wait', async () => {
    const waiting = Array.from({ length: pendingOpsMax }, () => ledger.find(requestOf(1).challengeId));
    await expect(ledger.deliver(requestOf(1))).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await Promise.all(waiting);
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
  });

  it('a delivery and its mark are one row and no more', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => ledger.deliver(requestOf(n))));
    await Promise.all(results.map((result) => ledger.answered(result.ok ? result.seq : 0, 1)));
    for (const [table, count] of [
      ['claim', 50],
      ['entry', 0],
      ['answer', 0],
      ['total', 1],
    ])
      expect([table, readSql(at.path, `SELECT count(*) FROM ${table}`)]).toEqual([table, [[count]]]);
  });

  it('can be turned off: each operation has a commit of its own', async () => {
    const alone = await openSqliteLedger({ path: ':memory:', batchOpsMax: 1 });
    await Promise.all(Array.from({ length: 100 }, (_, n) => alone.deliver(requestOf(n))));
    expect(alone.stats).toEqual({ commits: 100, operations: 100 });
    await alone.close();
    await expect(openSqliteLedger({ path: ':memory:', batchOpsMax: 0 })).rejects.toThrow(RangeError);
  });

  it('bounds the answers of one transaction, and those that may wait', async () => {
    const body = new Uint8Array(storedAnswerBytesMax);
    const keep = (n: number) => ledger.deliver(requestOf(n), { status: 200, headers: [], body });
    const fits = pendingAnswerBytesMax / storedAnswerBytesMax;
    // Each takes a little more than its body, so the bound is met by as many as there are bodies in it.
    const waiting = Array.from({ length: fits }, (_, n) => keep(n));
    await expect(keep(fits)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(ledger.find(requestOf(1).challengeId)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect((await Promise.all(waiting)).every(({ ok }) => ok)).toBe(true);
    expect(ledger.stats.commits).toBeGreaterThanOrEqual(fits / 8);
    expect((await keep(fits)).ok).toBe(true);
  });
});
