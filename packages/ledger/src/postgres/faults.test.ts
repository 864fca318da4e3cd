import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import { storedChallenge, storedReference } from './keys.js';
import type { PostgresLedger } from './ledger.js';
import { openPostgresLedger } from './open.js';
import { patient } from './testing/patient.js';
import { Schemas, titled } from './testing/schemas.js';

/** The longest: no heartbeat is among the statements that are waited for or counted. */
const leaseMs = 3_600_000;
const unavailable = { name: 'LedgerUnavailable', code: 'ledger_unavailable', retry: 'same-credential' };

describe.skipIf(postgresMissing !== undefined)(
  titled('a PostgreSQL ledger that cannot write', postgresMissing),
  () => {
    let schemas: Schemas;
    let schema: string;
    let ledger: PostgresLedger;
    let admin: Client;
    beforeAll(async () => {
      schemas = await Schemas.on();
    });
    afterAll(() => schemas.dispose());
    beforeEach(async () => {
      schema = schemas.name();
      ledger = await schemas.open({ schema, leaseMs, reconnectDelayMaxMs: 100 });
      admin = new Client({ connectionString: schemas.server.url });
      await admin.connect();
    });
    afterEach(async () => {
      await admin.end();
      await schemas.clear();
    });

    // Another transaction has appended this claim and has not ended: whoever appends it too must wait.
    async function hold(name: string): Promise<void> {
      const { challengeId, reference } = requestOf(name);
      await admin.query('BEGIN');
      await admin.query(
        `INSERT INTO "${schema}".claim (kind, state, holder, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource)
         SELECT id, 3, 0, 1, 0, 0, 0, 0, 0, $1, $2, '' FROM "${schema}".kind LIMIT 1`,
        [storedChallenge(challengeId), storedReference(reference)],
      );
    }

    // The server's processes that wait for a lock while they work on our schema.
    async function waiting(): Promise<readonly number[]> {
      for (;;) {
        const rows = await schemas.server.sql(
          `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
          [schema],
        );
        if (rows.length > 0) return rows.map(([pid]) => Number(pid));
      }
    }

    async function deliveredAgain(name: string): Promise<boolean> {
      for (;;) {
        const result = await ledger.deliver(requestOf(name)).catch(() => undefined);
        if (result !== undefined) return result.ok;
        await new Promise((next) => setImmediate(next));
      }
    }

    it('its connection ended in mid-batch: refuses all of it, then all at once, then serves again', async () => {
      await ledger.deliver(requestOf('first'));
      await hold('held');
      const underWay = ['held', 'x', 'y'].map((name) => ledger.deliver(requestOf(name)));
      const [pid] = await waiting();
      const gathering = [ledger.deliver(requestOf('z')), ledger.find(requestOf('first').challengeId)];
      const pending = Promise.allSettled([...underWay, ...gathering]);
      // Not after a wait for a connection: in the turn in which they are refused. Later there may be one.
      const asked = pending.then(() => {
        const refused = ledger.deliver(requestOf('w')).catch((error: unknown) => error);
        const turn = new Promise((next) => setImmediate(() => next('it waits')));
        return Promise.race([refused, turn]);
      });
      await schemas.server.sql('SELECT pg_terminate_backend($1)', [pid]);
      for (const result of await pending) {
        expect(result).toMatchObject({ status: 'rejected', reason: unavailable });
      }
      expect(await asked).toMatchObject(unavailable);
      await admin.query('ROLLBACK');
      expect(await deliveredAgain('x')).toBe(true);
      for (const name of ['y', 'z', 'w', 'held']) {
        expect((await ledger.deliver(requestOf(name))).ok).toBe(true);
      }
      expect((await ledger.deliver(requestOf('first'))).ok).toBe(false);
      expect(ledger.stats.reconnects).toBe(1);
    });

    it('a key that another transaction holds too long: refuses the batch, keeps the connection', async () => {
      const hasty = await schemas.open({ schema, leaseMs, lockTimeoutMs: 300 });
      // Its locks are waited for as long as is usual: not for ever.
      const { lockTimeoutMs: _, ...others } = patient;
      const usual = await openPostgresLedger({ url: schemas.server.url, schema, leaseMs, ...others });
      await ledger.deliver(requestOf('first'));
      await hold('held');
      const batch = ['x', 'held', 'y'].map((name) => hasty.deliver(requestOf(name)));
      batch.push(usual.deliver(requestOf('held')));
      const results = await Promise.allSettled(batch);
      for (const result of results) {
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { ...unavailable, cause: { code: '55P03' } },
        });
      }
      await admin.query('COMMIT');
      expect((await hasty.deliver(requestOf('held'))).ok).toBe(false);
      expect((await hasty.deliver(requestOf('x'))).ok).toBe(true);
      expect([hasty, usual].map(({ stats }) => stats.reconnects)).toEqual([0, 0]);
      await usual.close();
    });

    it('another gateway that ends while we wait: its COMMIT means taken, its ROLLBACK means ok', async () => {
      await ledger.deliver(requestOf('first'));
      await hold('committed');
      const second = ledger.deliver(requestOf('committed'));
      await waiting();
      await admin.query('COMMIT');
      expect(await second).toMatchObject({ ok: false, by: 'challenge', claim: { state: 'delivered' } });
      await hold('rolled back');
      const third = ledger.deliver(requestOf('rolled back'));
      await waiting();
      await admin.query('ROLLBACK');
      expect((await third).ok).toBe(true);
    });

    it('failing in the middle of a batch: forgets the claims before it', async () => {
      await ledger.deliver(requestOf(1));
      await schemas.server.sql(
        `ALTER TABLE "${schema}".claim ADD CONSTRAINT poison CHECK (resource <> 'poison')`,
      );
      const batch = [requestOf(2), requestOf(3, 3, { resource: 'poison' }), requestOf(4)];
      const answered = ledger.answered(1, 7);
      for (const promise of [...batch.map((request) => ledger.deliver(request)), answered]) {
        await expect(promise).rejects.toMatchObject({ ...unavailable, cause: { code: '23514' } });
      }
      expect(await ledger.totals()).toMatchObject([{ state: 'delivered', count: 1 }]);
      expect((await ledger.deliver(requestOf(2))).ok).toBe(true);
      expect(ledger.stats.reconnects).toBe(0);
    });

    it('its user may not write any more: says so', async () => {
      await ledger.deliver(requestOf(1));
      await schemas.server.sql(`DROP TABLE "${schema}".claim`);
      await expect(ledger.deliver(requestOf(2))).rejects.toMatchObject(unavailable);
      await expect(ledger.totals()).rejects.toMatchObject(unavailable);
    });

    it('another ledger in its place after a reconnect: refuses rather than write where nobody will look', async () => {
      await ledger.deliver(requestOf(1));
      await schemas.server.sql(`UPDATE "${schema}".farebox_migration SET ledger = 'another'`);
      await schemas.server.sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'farebox' AND query LIKE '%COMMIT%'`,
      );
      let said = '';
      while (!said.includes('another ledger')) {
        said = await ledger.deliver(requestOf(2)).then(() => '', String);
        await new Promise((next) => setImmediate(next));
      }
      await schemas.server.sql(`UPDATE "${schema}".farebox_migration SET ledger = $1`, ['another again']);
      await expect(ledger.deliver(requestOf(2))).rejects.toMatchObject(unavailable);
    });

    it('a promise of answered() that nobody awaits does not end the process', async () => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', listener);
      void ledger.answered(999, 1);
      await ledger.close();
      void ledger.answered(1, 1);
      // Node.js reports unhandled rejections before the next turn of the event loop.
      await new Promise((next) => setImmediate(next));
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
    });

    it.each([
      ['a credit that was never released', 'SET attempts = 0'],
      ['redelivered before it was delivered', 'SET state = 1, redeliveries = 1'],
      ['an unknown kind', 'SET kind = 77'],
      ['an unknown state', 'SET state = 9'],
      ['an amount below zero', 'SET paid = -1'],
      ['a reference of no known form', `SET reference = '\\x0203'`],
    ])('%s: is refused, and only that one', async (_, change) => {
      await Promise.all([1, 2, 3].map((n) => ledger.release(requestOf(n))));
      for (const column of ['state', 'paid']) {
        await schemas.server.sql(`ALTER TABLE "${schema}".claim DROP CONSTRAINT claim_${column}_check`);
      }
      const found = await ledger.find(requestOf(2).challengeId);
      const seq = found?.seq ?? 0;
      await schemas.server.sql(`UPDATE "${schema}".claim ${change} WHERE seq = $1`, [seq]);
      const outcomes = await Promise.allSettled([
        ledger.deliver(requestOf(1)),
        ledger.deliver(requestOf(2)),
        ledger.find(requestOf(2).challengeId),
        ledger.deliver(requestOf(3)),
      ]);
      const ok = { status: 'fulfilled', value: { ok: true } };
      const refused = { status: 'rejected', reason: unavailable };
      expect(outcomes).toMatchObject([ok, refused, refused, ok]);
      expect(String(outcomes[1]?.status === 'rejected' && outcomes[1].reason)).toContain('damaged');
    });
  },
);
