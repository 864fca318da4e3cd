import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerFolder, ledgerFolder, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { blockRows } from './key-blocks.js';
import { openSqliteLedger } from './open.js';
import { openSqliteReader } from './open-reader.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

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

function insertedByHand(): string {
  return `INSERT INTO claim SELECT 9, kind, state, paid, attempts, redeliveries, holder, expires, created, updated,
    randomblob(32), randomblob(32), resource, key, rate FROM claim WHERE seq = 1`;
}
