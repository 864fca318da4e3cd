import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ledger } from '../ledger.js';
import { type LedgerFolder, ledgerFolder, readSql, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { blockRows } from './key-blocks.js';
import { openSqliteLedger } from './open.js';
import { openSqliteReader } from './open-reader.js';
import { snapshotMsMax } from './snapshot.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => {
  vi.useRealTimers();
  at.remove();
});

describe('openSqliteReader', () => {
  it('reads beside a writer, before it and after it, and never takes its lock', async () => {
    await (await openSqliteLedger(at)).close();
    const reader = await openSqliteReader(at);
    const ledger = await openSqliteLedger(at);
    await ledger.deliver(requestOf(1));
    expect(await reader.size()).toBe(1);
    await ledger.deliver(requestOf(2));
    expect((await reader.claim('#2'))?.claim).toMatchObject({ state: 'delivered', hold: 'theirs' });
    await ledger.close();
    await (await openSqliteLedger(at)).close();
    expect((await reader.claim('#2'))?.claim).toMatchObject({ hold: 'orphaned' });
    await reader.close();
  });

  it('makes no file where there is none', async () => {
    const path = join(at.folder, 'none.db');
    await expect(openSqliteReader({ path })).rejects.toMatchObject({
      name: 'LedgerOpenError',
      code: 'ledger_unopenable',
    });
    expect(existsSync(path)).toBe(false);
    await expect(openSqliteReader({ path: at.folder })).rejects.toMatchObject({ code: 'ledger_unopenable' });
  });

  it.each([
    ["another program's database", 'CREATE TABLE mine (x)', 'ledger_foreign_file'],
    ['a newer ledger', 'PRAGMA application_id = 0x46424c31; PRAGMA user_version = 99', 'ledger_newer_schema'],
    ['an empty database', 'PRAGMA user_version = 0', 'ledger_foreign_file'],
  ])('refuses %s', async (_, sql, code) => {
    runSql(at.path, sql);
    await expect(openSqliteReader(at)).rejects.toMatchObject({ name: 'LedgerOpenError', code });
  });

  it('refuses what is no database', async () => {
    writeFileSync(at.path, 'a letter to nobody, long enough to be looked at '.repeat(100));
    await expect(openSqliteReader(at)).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('finds claims whose keys are in blocks, and those behind them', async () => {
    const ledger = await openSqliteLedger(at);
    const count = blockRows + 100;
    const named = { reference: 'order #1 / 2' };
    await Promise.all(
      Array.from({ length: count }, (_, n) => ledger.deliver(requestOf(n, n, n === 5 ? named : {}))),
    );
    const reader = await openSqliteReader(at);
    for (const n of [0, 17, blockRows - 1, blockRows, count - 1]) {
      const { challengeId, reference } = requestOf(n);
      expect((await reader.claim(challengeId))?.claim.seq).toBe(n + 1);
      expect((await reader.claim(reference))?.claim.seq).toBe(n + 1);
    }
    expect((await reader.claim(named.reference))?.claim.seq).toBe(6);
    await reader.close();
    await ledger.close();
  });

  it.each([
    ['a total that is too small', "UPDATE total SET amount = '1'", 'received', 1n, 3n],
    ['an amount that grew', 'UPDATE claim SET paid = 2 WHERE seq = 1', 'received', 3n, 4n],
    [
      'a state that was changed by hand',
      'UPDATE claim SET state = 2, attempts = 1 WHERE seq = 1',
      'owed',
      0n,
      1n,
    ],
    ['a claim that came out of nowhere', insertedByHand(), 'received', 3n, 4n],
  ])('the audit finds %s', async (_, sql, account, booked, claimed) => {
    const ledger = await openSqliteLedger(at);
    await Promise.all([1, 2, 3].map((n) => ledger.deliver(requestOf(n))));
    await ledger.close();
    const reader = await openSqliteReader(at);
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
    runSql(at.path, sql);
    const { faults } = await reader.audit();
    expect(faults).toContainEqual({
      ...{ method: 'lightning', currency: 'sat', route: 'GET /v1/bitcoin/*' },
      ...{ account, booked, claimed },
    });
    await reader.close();
  });

  it('entries are of one moment: they balance when claims are removed meanwhile', async () => {
    const ledger = await openSqliteLedger(at);
    const count = 1200;
    await redeemed(ledger, count);
    const reader = await openSqliteReader(at);
    const balance = new Map<string, number>();
    for await (const { debit, credit } of reader.entries()) {
      if (balance.size === 0) await removeAll(ledger);
      balance.set(debit, (balance.get(debit) ?? 0) - 1);
      balance.set(credit, (balance.get(credit) ?? 0) + 1);
    }
    expect(Object.fromEntries(balance)).toEqual({ received: -count, owed: 0, revenue: count });
    // The last one stays, so that its number is not given again.
    expect(await reader.size()).toBe(1);
    // Nothing holds the log any more, neither of what was read to its end nor of what was left early.
    await redeemed(ledger, 1, count);
    for await (const _ of reader.entries()) break;
    expect(readSql(at.path, 'PRAGMA wal_checkpoint(TRUNCATE)')).toEqual([[0, 0, 0]]);
    await reader.close();
    await ledger.close();
  });

  it('entries that are read too slowly let go of the log, and say so', async () => {
    const ledger = await openSqliteLedger(at);
    await redeemed(ledger, 3);
    const reader = await openSqliteReader(at);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const entries = reader.entries()[Symbol.asyncIterator]();
    expect((await entries.next()).value).toMatchObject({ debit: 'received' });
    vi.advanceTimersByTime(snapshotMsMax - 1);
    expect((await entries.next()).value).toMatchObject({ debit: 'received' });
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    await redeemed(ledger, 1, 3);
    expect(readSql(at.path, 'PRAGMA wal_checkpoint(TRUNCATE)')).toEqual([[0, 0, 0]]);
    await expect(entries.next()).rejects.toThrow('more than 10 minutes');
    expect((await reader.audit()).faults).toEqual([]);
    await reader.close();
    await ledger.close();
  });

  it.each([
    ['an amount below nothing', 'UPDATE claim SET paid = -1 WHERE seq = 2'],
    ['a state that there is not', 'UPDATE claim SET state = 99 WHERE seq = 2'],
    ['a state without its attempts', 'UPDATE claim SET state = 2, attempts = 0 WHERE seq = 2'],
    ['a kind that there is not', 'UPDATE claim SET kind = 99 WHERE seq = 2'],
  ])('says damage as what it is: %s', async (_, sql) => {
    const ledger = await openSqliteLedger(at);
    await redeemed(ledger, 3);
    await ledger.close();
    runSql(at.path, `PRAGMA ignore_check_constraints = 1; ${sql}`);
    const reader = await openSqliteReader(at);
    const damaged = { name: 'LedgerDamaged', code: 'ledger_corrupt' };
    const drained = async (rows: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of rows);
    };
    await expect(drained(reader.claims())).rejects.toMatchObject(damaged);
    await expect(drained(reader.entries())).rejects.toMatchObject(damaged);
    await expect(reader.claim('#2')).rejects.toMatchObject(damaged);
    expect((await reader.claim('#1'))?.claim.seq).toBe(1);
    await reader.close();
  });

  it('the audit says that it is partial where claims have left', async () => {
    const ledger = await openSqliteLedger(at);
    const result = await ledger.deliver(requestOf(1));
    await ledger.answered(result.ok ? result.seq : 0, 1);
    await ledger.release(requestOf(2));
    const nowMs = 9_000_000_000_000;
    await ledger.sweep({
      ...{ nowMs, redemptionWindowMs: nowMs, replayWindowMs: nowMs, retentionMs: 0, rowsMax: 10 },
    });
    const reader = await openSqliteReader(at);
    expect(await reader.audit()).toEqual({ faults: [], partial: true });
    runSql(at.path, 'UPDATE claim SET paid = 2');
    expect((await reader.audit()).faults).toMatchObject([{ account: 'owed', booked: 1n, claimed: 2n }]);
    await reader.close();
    await ledger.close();
  });
});

/** Credits that were redeemed: two entries each. */
async function redeemed(ledger: Ledger, count: number, first = 0): Promise<void> {
  const each = Array.from({ length: count }, (_, n) => requestOf(first + n));
  await Promise.all(each.map((request) => ledger.release(request)));
  const results = await Promise.all(each.map((request) => ledger.deliver(request)));
  await Promise.all(results.map((result) => ledger.answered(result.ok ? result.seq : 0, 2)));
}

async function removeAll(ledger: Ledger): Promise<void> {
  const nowMs = 9_000_000_000_000;
  const terms = { nowMs, redemptionWindowMs: nowMs, replayWindowMs: nowMs, retentionMs: 0, rowsMax: 1000 };
  while ((await ledger.sweep(terms)).more);
}

function insertedByHand(): string {
  return `INSERT INTO claim SELECT 9, kind, state, paid, attempts, redeliveries, holder, expires, created, updated,
    randomblob(32), randomblob(32), resource, key, rate FROM claim WHERE seq = 1`;
}
