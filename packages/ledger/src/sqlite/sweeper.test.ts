import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SweepTerms } from '../ledger.js';
import { type LedgerFolder, ledgerFolder, readSql, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { blockRows } from './key-blocks.js';
import type { SqliteLedger } from './ledger.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

const { expiresMs } = requestOf(0);
const terms: SweepTerms = {
  nowMs: expiresMs + 10_000,
  redemptionWindowMs: expiresMs,
  replayWindowMs: expiresMs,
  retentionMs: 1000,
  rowsMax: 1000,
};

/** Delivers claims `0` to `count - 1`; all but every `keep`-th are answered. */
async function used(ledger: SqliteLedger, count: number, keep: number): Promise<void> {
  const results = await Promise.all(Array.from({ length: count }, (_, n) => ledger.deliver(requestOf(n))));
  const marks = results.map((result, n) =>
    result.ok && n % keep !== 0 ? ledger.answered(result.seq, expiresMs) : undefined,
  );
  await Promise.all(marks);
}

async function sweepAll(ledger: SqliteLedger, changes: Partial<SweepTerms> = {}): Promise<number> {
  let pruned = 0;
  for (;;) {
    const swept = await ledger.sweep({ ...terms, ...changes });
    pruned += swept.pruned;
    if (!swept.more) return pruned;
  }
}

const keyCounts = () => readSql(at.path, 'SELECT block, length(prints) / 10 FROM keys ORDER BY block');

describe('pruning a ledger of several blocks', () => {
  it('leaves keys of what is left alone, before and after a restart', async () => {
    const count = 3 * blockRows + 50;
    const first = await openSqliteLedger(at);
    const keep = blockRows / 4;
    await used(first, count, keep);
    // All that was answered, but for the very last claim.
    expect(await sweepAll(first)).toBe(count - Math.ceil(count / keep) - 1);
    expect(keyCounts()).toEqual([
      [0, 4],
      [1, 4],
      [2, 4],
    ]);
    expect((await first.deliver(requestOf(keep))).ok).toBe(false);
    await first.close();
    const second = await openSqliteLedger(at);
    for (let n = 0; n < count; n += keep) expect((await second.deliver(requestOf(n))).ok).toBe(false);
    expect(await second.deliver(requestOf(1))).toEqual({ ok: true, seq: count + 1 });
    expect((await second.deliver(requestOf(1))).ok).toBe(false);
    await second.close();
  });

  it('stopped in the middle and begun again in another process, ends the same', async () => {
    const count = 2 * blockRows + 10;
    const first = await openSqliteLedger(at);
    await used(first, count, count);
    for (let step = 0; step < 6; step++) await first.sweep(terms);
    await first.close();
    const second = await openSqliteLedger(at);
    await sweepAll(second);
    expect(keyCounts()).toEqual([[0, 1]]);
    expect(readSql(at.path, 'SELECT seq FROM claim')).toEqual([[1], [count]]);
    // Numbers are never given twice, whatever has left.
    expect(await second.deliver(requestOf('new'))).toEqual({ ok: true, seq: count + 1 });
    await second.close();
  });

  it('a block that lost claims before it was whole knows the others after a restart', async () => {
    const first = await openSqliteLedger(at);
    await used(first, 100, 10);
    await sweepAll(first);
    await first.close();
    const second = await openSqliteLedger(at);
    await Promise.all(Array.from({ length: blockRows }, (_, n) => second.deliver(requestOf(`later ${n}`))));
    expect(keyCounts()).toEqual([[0, blockRows - 89]]);
    await second.close();
    const third = await openSqliteLedger(at);
    for (const name of [0, 10, 90, 'later 0', `later ${blockRows - 1}`])
      expect((await third.deliver(requestOf(name))).ok).toBe(false);
    expect((await third.deliver(requestOf(11))).ok).toBe(true);
    await third.close();
  });

  it('gives room back to new claims', async () => {
    const ledger = await openSqliteLedger(at);
    await used(ledger, 8000, 8001);
    await sweepAll(ledger);
    const pages = readSql(at.path, 'PRAGMA page_count');
    await Promise.all(Array.from({ length: 7000 }, (_, n) => ledger.deliver(requestOf(`new ${n}`))));
    expect(readSql(at.path, 'PRAGMA page_count')).toEqual(pages);
    await ledger.close();
  });
});

describe('a sweep that fails', () => {
  it('has forgotten nothing, and is done again', async () => {
    const ledger = await openSqliteLedger(at);
    await used(ledger, 50, 51);
    runSql(
      at.path,
      `CREATE TRIGGER hold BEFORE DELETE ON claim WHEN old.seq = 40 BEGIN SELECT raise(ABORT, 'held'); END`,
    );
    for (let round = 0; round < 2; round++) {
      await expect(ledger.sweep({ ...terms, rowsMax: 45 })).rejects.toMatchObject({
        code: 'ledger_unavailable',
      });
      for (const n of [0, 1, 39, 48]) expect((await ledger.deliver(requestOf(n))).ok).toBe(false);
    }
    runSql(at.path, 'DROP TRIGGER hold');
    expect(await sweepAll(ledger)).toBe(48);
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
    expect((await ledger.deliver(requestOf(0))).ok).toBe(false);
    await ledger.close();
  });

  it('one damaged claim does not stand in the way of the others', async () => {
    const ledger = await openSqliteLedger(at);
    await used(ledger, 10, 11);
    runSql(at.path, 'DROP TRIGGER keys_stay; UPDATE claim SET reference = 7 WHERE seq = 5');
    expect(await sweepAll(ledger)).toBe(7);
    expect(readSql(at.path, 'SELECT seq FROM claim')).toEqual([[1], [5], [10]]);
    await ledger.close();
  });

  it('one damaged credit does not stand in the way of the others', async () => {
    const ledger = await openSqliteLedger(at);
    await Promise.all([1, 2, 3, 4].map((n) => ledger.release(requestOf(n))));
    runSql(at.path, 'UPDATE claim SET attempts = 0 WHERE seq = 2');
    let expired = 0;
    for (let step = 0; step < 8; step++) {
      expired += (await ledger.sweep({ ...terms, redemptionWindowMs: 0, rowsMax: 1 })).expired;
    }
    expect(expired).toBe(3);
    expect(readSql(at.path, 'SELECT state FROM claim ORDER BY seq')).toEqual([[5], [2], [5], [5]]);
    await ledger.close();
  });
});
