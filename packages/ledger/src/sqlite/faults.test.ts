import { copyFileSync, renameSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerUnavailable } from '../ledger.js';
import { type LedgerFolder, ledgerFolder, readSql, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { SqliteLedger } from './ledger.js';
import type { WorkerOptions } from './messages.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

const unavailable = { name: 'LedgerUnavailable', code: 'ledger_unavailable', retry: 'same-credential' };

describe('a ledger that cannot write', () => {
  it('full: refuses whole batches, keeps what it acknowledged, serves when there is room again', async () => {
    const full = await openSqliteLedger({ ...at, pagesMax: 40 });
    const acknowledged: number[] = [];
    let refused: unknown;
    for (let from = 0; refused === undefined; from += 50) {
      const batch = Array.from({ length: 50 }, (_, n) => full.deliver(requestOf(from + n)));
      const settled = await Promise.allSettled(batch);
      const ok = settled.filter((result) => result.status === 'fulfilled' && result.value.ok);
      // All or nothing: a batch is one transaction.
      expect([0, 50]).toContain(ok.length);
      if (ok.length === 50) acknowledged.push(...batch.map((_, n) => from + n));
      for (const result of settled) if (result.status === 'rejected') refused = result.reason;
    }
    expect(refused).toMatchObject({ ...unavailable, cause: { code: 'SQLITE_FULL' } });
    expect(String(refused)).toContain('free some disk space');
    // Reads go on, and those refused are not there.
    const first = acknowledged.length;
    expect(await full.find(requestOf(first).challengeId)).toBeUndefined();
    expect(await full.find(requestOf(0).challengeId)).toMatchObject({ state: 'delivered' });
    await full.close();

    const roomy = await openSqliteLedger(at);
    for (const n of acknowledged) expect((await roomy.deliver(requestOf(n))).ok).toBe(false);
    expect(await roomy.deliver(requestOf(first))).toEqual({ ok: true, seq: acknowledged.length + 1 });
    await roomy.close();
  });

  it('locked out by another writer: refuses, and serves again afterwards', async () => {
    const ledger = await openSqliteLedger({ ...at, busyTimeoutMs: 10 });
    await ledger.release(requestOf('credit'));
    const other = new Database(at.path);
    other.exec('BEGIN IMMEDIATE');
    // New kinds of claims, new keys, a change: all of it must be forgotten with the batch.
    const strange = requestOf(1, 1, { route: 'GET /strange' });
    const batch = [ledger.deliver(strange), ledger.deliver(requestOf('credit')), ledger.claim(requestOf(2))];
    for (const promise of batch) {
      await expect(promise).rejects.toMatchObject({ ...unavailable, cause: { code: 'SQLITE_BUSY' } });
    }
    expect(await ledger.find(strange.challengeId)).toBeUndefined();
    other.exec('ROLLBACK');
    other.close();
    expect(await ledger.deliver(strange)).toEqual({ ok: true, seq: 2 });
    expect(await ledger.find(strange.challengeId)).toMatchObject({ route: 'GET /strange' });
    expect(await ledger.deliver(requestOf('credit'))).toEqual({ ok: true, seq: 1 });
    expect((await ledger.deliver(requestOf(9, 1))).ok).toBe(false);
    await ledger.close();
  });

  it('failing in the middle of a batch: forgets the claims and kinds before it', async () => {
    const ledger = await openSqliteLedger(at);
    await ledger.deliver(requestOf(1));
    // The database itself refuses this resource: the third of four.
    runSql(
      at.path,
      `CREATE TRIGGER refuse BEFORE INSERT ON claim WHEN new.resource = 'poison' BEGIN SELECT raise(ABORT, 'poison'); END`,
    );
    const changes = { route: 'GET /new' };
    const batch = [
      requestOf(2, 2, changes),
      requestOf(3, 3, changes),
      requestOf(4, 4, { resource: 'poison' }),
      requestOf(5),
    ].map((request) => ledger.deliver(request));
    for (const promise of batch) await expect(promise).rejects.toMatchObject(unavailable);
    expect(readSql(at.path, 'SELECT count(*), max(seq) FROM claim')).toEqual([[1, 1]]);
    expect(readSql(at.path, 'SELECT count(*) FROM kind')).toEqual([[1]]);
    expect(await ledger.deliver(requestOf('other', 3, changes))).toEqual({ ok: true, seq: 2 });
    expect(await ledger.deliver(requestOf(3, 2, changes))).toEqual({ ok: true, seq: 3 });
    expect(
      readSql(at.path, 'SELECT route FROM claim JOIN kind ON kind.id = claim.kind ORDER BY seq'),
    ).toEqual([['GET /v1/bitcoin/*'], ['GET /new'], ['GET /new']]);
    await ledger.close();
  });

  it('its file replaced under it: refuses rather than write where nobody will look', async () => {
    const ledger = await openSqliteLedger(at);
    await ledger.deliver(requestOf(1));
    copyFileSync(at.path, `${at.path}.backup`);
    renameSync(`${at.path}.backup`, at.path);
    const error = await ledger.deliver(requestOf(2)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unavailable);
    expect(String(error)).toContain('moved, removed or replaced');
    await ledger.close();
  });

  it('a promise of answered() that nobody awaits does not end the process', async () => {
    const ledger = await openSqliteLedger({ ...at, busyTimeoutMs: 10 });
    const result = await ledger.deliver(requestOf(1));
    if (!result.ok) throw new Error('it was absent');
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    void ledger.answered(999, 1);
    await ledger.close();
    void ledger.answered(result.seq, 1);
    // Node.js reports unhandled rejections before the next turn of the event loop.
    await new Promise((next) => setImmediate(next));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});

describe('a damaged row', () => {
  it.each([
    ['a credit that was never released', 'UPDATE claim SET state = 2, attempts = 0 WHERE seq = 2'],
    ['redelivered before it was delivered', 'UPDATE claim SET state = 1, redeliveries = 1 WHERE seq = 2'],
    ['an unknown kind', 'UPDATE claim SET kind = 77 WHERE seq = 2'],
    ['an unknown state', 'PRAGMA ignore_check_constraints = 1; UPDATE claim SET state = 9 WHERE seq = 2'],
    ['an amount below zero', 'PRAGMA ignore_check_constraints = 1; UPDATE claim SET paid = -1 WHERE seq = 2'],
  ])('%s: is refused, and only that one', async (_, sql) => {
    const ledger = await openSqliteLedger(at);
    await Promise.all([1, 2, 3].map((n) => ledger.release(requestOf(n))));
    runSql(at.path, sql);
    const outcomes = await Promise.allSettled([
      ledger.deliver(requestOf(1)),
      ledger.deliver(requestOf(2)),
      ledger.find(requestOf(2).challengeId),
      ledger.settle(2, 1),
      ledger.redeliver(2, 3, 1),
      ledger.deliver(requestOf(3)),
      ledger.deliver(requestOf('other', 2)),
    ]);
    const ok = { status: 'fulfilled', value: { ok: true } };
    const refused = { status: 'rejected', reason: unavailable };
    expect(outcomes).toMatchObject([ok, refused, refused, refused, refused, ok, refused]);
    await ledger.close();
  });
});

describe('a dead thread', () => {
  it('takes every pending and later promise with it', async () => {
    const workerData: WorkerOptions = {
      path: at.path,
      busyTimeoutMs: 10,
      pagesMax: undefined,
      syncDelayMs: 0,
    };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
    await new Promise((opened) => worker.once('message', opened));
    const ledger = new SqliteLedger(worker, 10_000);
    await ledger.deliver(requestOf(1));
    const pending = [ledger.deliver(requestOf(2)), ledger.find(requestOf(1).challengeId), ledger.totals()];
    const ended = worker.terminate();
    for (const promise of pending) await expect(promise).rejects.toBeInstanceOf(LedgerUnavailable);
    await ended;
    const later = await ledger.deliver(requestOf(3)).catch((thrown: unknown) => thrown);
    expect(later).toMatchObject(unavailable);
    expect(String(later)).toContain('restart Farebox');
    await ledger.close();
    // The kernel has freed the lock: a restart finds the ledger.
    const again = await openSqliteLedger(at);
    expect((await again.deliver(requestOf(1))).ok).toBe(false);
    await again.close();
  });
});
