import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerFolder, ledgerFolder, readSql, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

describe('openSqliteLedger', () => {
  it('finds again what it was told, and goes on counting', async () => {
    const reference = 'a reference that is no hash';
    const first = await openSqliteLedger(at);
    await first.deliver(requestOf(1));
    await first.deliver(requestOf(2, 2, { reference }));
    const credit = await first.release(requestOf(3));
    await first.close();
    const second = await openSqliteLedger(at);
    expect(await second.deliver(requestOf(1))).toMatchObject({
      ok: false,
      by: 'challenge',
      claim: { seq: 1 },
    });
    expect(await second.deliver(requestOf(9, 1))).toMatchObject({
      ok: false,
      by: 'reference',
      claim: { seq: 1 },
    });
    expect(await second.deliver(requestOf(9, 9, { reference }))).toMatchObject({
      by: 'reference',
      claim: { seq: 2 },
    });
    expect(await second.deliver(requestOf(3))).toEqual(credit);
    expect(await second.deliver(requestOf(4))).toEqual({ ok: true, seq: 4 });
    await second.close();
  });

  it('reads more claims than fit in one page of its start', async () => {
    const first = await openSqliteLedger(at);
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => first.deliver(requestOf(n))));
    await first.close();
    const second = await openSqliteLedger(at);
    const again = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) => second.deliver(requestOf(`x${n}`, n))),
    );
    expect(again.filter((result) => result.ok)).toEqual([]);
    expect(await second.deliver(requestOf('new'))).toEqual({ ok: true, seq: 10_001 });
    await second.close();
  });

  it('keeps its files to their owner', async () => {
    const ledger = await openSqliteLedger(at);
    await ledger.deliver(requestOf(1));
    for (const suffix of ['', '-wal', '-shm', '.lock']) {
      expect([suffix, statSync(at.path + suffix).mode & 0o777]).toEqual([suffix, 0o600]);
    }
    await ledger.close();
  });

  it('writes ahead and marks the file as its own', async () => {
    const ledger = await openSqliteLedger(at);
    expect(readSql(at.path, 'PRAGMA journal_mode')).toEqual([['wal']]);
    expect(readSql(at.path, 'PRAGMA application_id')).toEqual([[0x46424c31]]);
    expect(readSql(at.path, 'PRAGMA user_version')).toEqual([[2]]);
    await ledger.close();
  });

  it('can be read by others while it is in use', async () => {
    const ledger = await openSqliteLedger(at);
    await ledger.deliver(requestOf(1));
    expect(readSql(at.path, 'SELECT seq, state FROM claim')).toEqual([[1, 3]]);
    expect((await ledger.deliver(requestOf(2))).ok).toBe(true);
    await ledger.close();
  });

  it('refuses a second opener, by whatever name, until the first has closed', async () => {
    const first = await openSqliteLedger(at);
    const link = join(at.folder, 'link.db');
    symlinkSync(at.path, link);
    for (const path of [at.path, link]) {
      const error = await openSqliteLedger({ path }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'LedgerOpenError', code: 'ledger_locked' });
      expect(String(error)).toContain('stop that one first');
    }
    expect((await first.deliver(requestOf(1))).ok).toBe(true);
    await first.close();
    await (await openSqliteLedger({ path: link })).close();
  });

  it('brings a ledger of the first schema up to date, with all that is in it', async () => {
    const before = await openSqliteLedger(at);
    for (const n of [1, 2, 3]) await before.release(requestOf(n));
    await before.close();
    runSql(at.path, 'ALTER TABLE claim DROP COLUMN rate; PRAGMA user_version = 1');
    const rate = { price: '0.002', currency: 'USD', rate: '65000', unit: 'BTC', asOfMs: 5 };
    const after = await openSqliteLedger(at);
    expect(await after.find(requestOf(2).challengeId)).toMatchObject({ state: 'released', seq: 2 });
    expect(await after.deliver(requestOf(4, 1))).toMatchObject({ ok: false, by: 'reference' });
    expect(await after.deliver(requestOf(4, 4, { rate }))).toMatchObject({ ok: true, seq: 4 });
    expect((await after.find(requestOf(4).challengeId))?.rate).toEqual(rate);
    await after.close();
    expect(readSql(at.path, 'PRAGMA user_version')).toEqual([[2]]);
  });

  it('refuses a newer schema and leaves it alone', async () => {
    await (await openSqliteLedger(at)).close();
    runSql(at.path, 'PRAGMA user_version = 99');
    await expect(openSqliteLedger(at)).rejects.toMatchObject({ code: 'ledger_newer_schema' });
    expect(readSql(at.path, 'PRAGMA user_version')).toEqual([[99]]);
  });

  it("refuses another program's database and leaves it alone", async () => {
    runSql(at.path, 'PRAGMA journal_mode = DELETE; CREATE TABLE claim (mine TEXT)');
    const before = readFileSync(at.path);
    await expect(openSqliteLedger(at)).rejects.toMatchObject({ code: 'ledger_foreign_file' });
    expect(readFileSync(at.path).equals(before)).toBe(true);
    expect(readSql(at.path, 'SELECT name FROM sqlite_schema')).toEqual([['claim']]);
  });

  it('refuses what is no database', async () => {
    writeFileSync(at.path, 'a letter to nobody, long enough to be looked at '.repeat(100));
    const error = await openSqliteLedger(at).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ledger_corrupt' });
    expect(String(error)).toContain('restore it from a backup');
  });

  it.each([
    ['challenge', 'UPDATE claim SET challenge = (SELECT challenge FROM claim WHERE seq = 1) WHERE seq = 3'],
    ['payment', 'UPDATE claim SET reference = (SELECT reference FROM claim WHERE seq = 1) WHERE seq = 3'],
    ['payment', "UPDATE claim SET reference = 'the same' WHERE seq > 1"],
  ])('refuses a file that holds one %s twice', async (what, sql) => {
    const ledger = await openSqliteLedger(at);
    await Promise.all([1, 2, 3].map((n) => ledger.deliver(requestOf(n))));
    await ledger.close();
    // The schema itself does not let a key be changed.
    expect(() => runSql(at.path, sql)).toThrow('never change');
    runSql(at.path, `DROP TRIGGER keys_stay; ${sql}`);
    const error = await openSqliteLedger(at).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ledger_corrupt' });
    expect(String(error)).toContain(`one ${what} twice`);
  });

  it('says what is missing where there is no folder', async () => {
    const error = await openSqliteLedger({ path: join(at.folder, 'none', 'x.db') }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'ledger_unopenable', cause: { code: 'ENOENT' } });
    expect(String(error)).toContain('its folder must exist');
  });

  it('lives in memory for tests', async () => {
    const ledger = await openSqliteLedger({ path: ':memory:' });
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
    expect((await ledger.deliver(requestOf(1))).ok).toBe(false);
    await ledger.close();
  });
});
