import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { lossyProxy } from './testing/lossy-proxy.js';
import { Schemas, titled } from './testing/schemas.js';

const unavailable = { name: 'LedgerUnavailable', code: 'ledger_unavailable', retry: 'same-credential' };

describe.skipIf(privatePostgresMissing !== undefined)(
  titled('PostgreSQL that goes away', privatePostgresMissing),
  () => {
    let schemas: Schemas;
    beforeAll(async () => {
      schemas = await Schemas.on('private');
    });
    afterAll(() => schemas.dispose());
    afterEach(() => schemas.clear());

    const nextTurn = (): Promise<void> => new Promise((next) => setImmediate(next));

    async function until(condition: () => Promise<boolean>): Promise<void> {
      while (!(await condition())) await nextTurn();
    }

    async function serves(ledger: PostgresLedger): Promise<void> {
      await until(() =>
        ledger.find(requestOf(0).challengeId).then(
          () => true,
          () => false,
        ),
      );
    }

    it.each(['fast', 'crash'] as const)(
      'stopped (%s) and started in mid-traffic: fails closed, recovers',
      async (how) => {
        const ledger = await schemas.open({ reconnectDelayMaxMs: 200 });
        const delivered: number[] = [];
        const foundUsed: number[] = [];
        let [next, refusals, working] = [0, 0, true];
        // As a buyer does: refused, it comes again with the same credential.
        const redeem = async (n: number): Promise<void> => {
          for (let refused = false; ; refused = true) {
            try {
              const { ok } = await ledger.deliver(requestOf(n));
              if (!ok) expect(refused).toBe(true);
              (ok ? delivered : foundUsed).push(n);
              return;
            } catch (error) {
              expect(error).toMatchObject(unavailable);
              refusals++;
              await nextTurn();
            }
          }
        };
        const traffic = Array.from({ length: 16 }, async () => {
          while (working) await redeem(next++);
        });
        await until(async () => delivered.length > 300);
        await schemas.server.stop(how);
        await until(async () => refusals > 100);
        const before = delivered.length;
        await until(async () => refusals > 200);
        expect(delivered.length).toBe(before);
        await schemas.server.start();
        await until(async () => delivered.length > before + 300);
        working = false;
        await Promise.all(traffic);
        expect(ledger.stats.reconnects).toBe(1);
        // Refused is not "not delivered": of those under way some were committed, and found that out. Nobody else was.
        expect(foundUsed.length).toBeLessThanOrEqual(16);
        expect(delivered.length + foundUsed.length).toBe(next);
        const claims = await Promise.all(delivered.map((n) => ledger.find(requestOf(n).challengeId)));
        expect(claims.filter((claim) => claim?.state === 'delivered')).toHaveLength(delivered.length);
        expect(await ledger.totals()).toMatchObject([{ state: 'delivered', count: next }]);
      },
    );

    it('a COMMIT whose answer is lost: refused; a later call finds the truth', async () => {
      const proxy = await lossyProxy(schemas.server.url);
      try {
        const ledger = await schemas.open({ url: proxy.url, reconnectDelayMaxMs: 100 });
        await ledger.deliver(requestOf(0));
        proxy.lose('answer');
        await expect(ledger.deliver(requestOf(1))).rejects.toMatchObject(unavailable);
        await serves(ledger);
        expect(await ledger.deliver(requestOf(1))).toMatchObject({
          ok: false,
          by: 'challenge',
          claim: { state: 'delivered', hold: 'mine' },
        });
        proxy.lose('request');
        await expect(ledger.deliver(requestOf(2))).rejects.toMatchObject(unavailable);
        await serves(ledger);
        expect((await ledger.deliver(requestOf(2))).ok).toBe(true);
        expect(ledger.stats.retries).toBe(0);
      } finally {
        await proxy.close();
      }
    });

    it('a server that falls silent: refused after the statement timeout and a margin', async () => {
      const proxy = await lossyProxy(schemas.server.url);
      try {
        const ledger = await schemas.open({
          url: proxy.url,
          reconnectDelayMaxMs: 100,
          // Time enough for a slow disk, and the test waits for it once.
          statementTimeoutMs: 1_500,
        });
        await ledger.deliver(requestOf(0));
        proxy.lose('silence');
        await expect(ledger.deliver(requestOf(1))).rejects.toMatchObject(unavailable);
        await serves(ledger);
        expect((await ledger.deliver(requestOf(1))).ok).toBe(false);
      } finally {
        await proxy.close();
      }
    });

    it('a commit that its standby did not confirm: refused, though the server says COMMIT', async () => {
      const ledger = await schemas.open();
      await ledger.deliver(requestOf(0));
      await schemas.server.sql(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
      await schemas.server.sql('SELECT pg_reload_conf()');
      const standbys = (): Promise<unknown[][]> => schemas.server.sql('SHOW synchronous_standby_names');
      await until(async () => (await standbys())[0]?.[0] === 'nobody');
      // Somebody loses patience with the commit that waits.
      const cancel = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
      let [n, error]: [number, unknown] = [0, undefined];
      // One of the server's own processes hears of the standby when it can, and until then no commit waits.
      while (error === undefined) {
        let over = false;
        const refused = ledger.deliver(requestOf(++n)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        void refused.then(() => {
          over = true;
        });
        // Again and again: a heartbeat may have been waiting in its place.
        await until(async () => {
          if (!over) await schemas.server.sql(cancel);
          return over;
        });
        error = await refused;
      }
      await schemas.server.sql('ALTER SYSTEM RESET synchronous_standby_names');
      await schemas.server.sql('SELECT pg_reload_conf()');
      expect(error).toMatchObject(unavailable);
      expect(String(error)).toContain('synchronous replication');
      await until(async () => (await standbys())[0]?.[0] === '');
      expect((await ledger.deliver(requestOf(n))).ok).toBe(false);
      expect((await ledger.deliver(requestOf(n + 1))).ok).toBe(true);
    });

    it('closes while it is disconnected, at once', async () => {
      const ledger = await schemas.open();
      await schemas.server.stop();
      await until(() =>
        ledger.totals().then(
          () => false,
          () => true,
        ),
      );
      await ledger.close();
      await expect(ledger.totals()).rejects.toMatchObject(unavailable);
      await schemas.server.start();
    });
  },
);
