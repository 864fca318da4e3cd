import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
// The server for tests is the ledger's; it is not published with it, so it is taken from where it is built.
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { newId, secretHash } from '../identity/secrets.js';
import { graceMs } from '../life/domain-life.js';
import { finishPurchase } from '../sell/finish.js';
import { findHindrance, offerPurchase } from '../sell/offer.js';
import type { OrderPlan } from '../sell/plan.js';
import { claimAgent, findKey, insertAgent, revokeKey } from './agents.js';
import type { Database } from './database.js';
import { findDomain, insertRecord, readSerial, recordsOf, releasedDomains, removeDomain } from './domains.js';
import { accountSums, balanceAccount, balanceOf, book, usdMicrosCurrency } from './entries.js';
import { countLocks, lockStanding } from './locks.js';
import { openPostgresStore } from './postgres.js';
import { findPurchase, prunePurchases, stepPurchase } from './purchases.js';
import { openSqliteStore } from './sqlite.js';
import { dueWebhooks, emitEvent, insertWebhook, nextDue, takeDue } from './webhooks.js';

let folder = '';
let server: PostgresServer | undefined;
let places = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-registrar-store-'));
  if (privatePostgresMissing === undefined) server = await testPostgres('private');
});
afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true });
});

const nowMs = Date.UTC(2026, 10, 21);
const caps = { perHolder: 3, perClient: 5 };
const net = { usdMicros: 520_000n, sats: 1_000n };
const price = { gross: net, net, premium: false, coupon: undefined };

function planFor(agent: string, name = 'myname', more: Partial<OrderPlan> = {}): OrderPlan {
  const domain = { fqdn: `${name}.agent`, name, namespace: 'agent', display: `${name}.agent` };
  return {
    kind: 'register',
    name: domain,
    years: 1,
    agent,
    holder: agent,
    client: '192.0.2.1',
    price,
    ...more,
  };
}
const challenge = (id: string, atMs: number) => ({ id, method: 'tempo', expiresMs: atMs + 600_000 });
const payment = { amount: 520_000n, currency: '0x20c0', reference: '0xabc', payer: undefined };

describe.each(['sqlite', 'postgres'] as const)('the store in %s', (kind) => {
  const skipped = kind === 'postgres' && privatePostgresMissing !== undefined;
  const title = skipped ? ` (skipped: ${privatePostgresMissing})` : '';
  let place = '';
  beforeEach(() => {
    place = `place_${++places}`;
  });
  const open = async (): Promise<Database> =>
    kind === 'sqlite'
      ? openSqliteStore(join(folder, `${place}.db`))
      : openPostgresStore({ url: server?.url ?? '', schema: place });
  async function withStore(work: (db: Database) => Promise<void>): Promise<void> {
    const db = await open();
    try {
      await work(db);
    } finally {
      await db.close();
    }
  }
  const agentIn = async (db: Database): Promise<string> => {
    const id = newId('agt');
    await db.write((sql) =>
      insertAgent(sql, { id, keyHash: secretHash(id), claimHash: secretHash(`c${id}`), nowMs }),
    );
    return id;
  };
  const offer = (db: Database, plan: OrderPlan, id: string, atMs = nowMs) =>
    db.write((sql) => offerPurchase(sql, plan, `ord_${id}`, [challenge(id, atMs)], caps, atMs));
  const finish = (db: Database, id: string, owner: string, atMs = nowMs) =>
    db.write(async (sql) => {
      const order = await findPurchase(sql, id);
      if (order === undefined) throw new Error('no order');
      return finishPurchase(sql, order, { owner, madeAgent: false, payment }, atMs);
    });

  it.skipIf(skipped)(`is all or nothing, and there after it was closed${title}`, () =>
    withStore(async (db) => {
      const id = await agentIn(db);
      await expect(
        db.write(async (sql) => {
          await revokeKey(sql, secretHash(id), nowMs);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await db.close();
      await withStore(async (again) => {
        expect(await again.read((sql) => findKey(sql, secretHash(id)))).toMatchObject({
          id,
          revokedMs: undefined,
        });
        expect(await again.write((sql) => revokeKey(sql, secretHash(id), nowMs))).toBe(true);
        expect(await again.write((sql) => revokeKey(sql, secretHash(id), nowMs))).toBe(false);
        expect(await again.write((sql) => claimAgent(sql, secretHash(`c${id}`), 'Ann'))).toMatchObject({
          human: 'Ann',
        });
        expect(await again.write((sql) => claimAgent(sql, secretHash(`c${id}`), 'Eve'))).toBeUndefined();
      });
    }),
  );

  it.skipIf(skipped)('gives a name’s lock to one of many who ask at once', () =>
    withStore(async (db) => {
      const agents = await Promise.all(Array.from({ length: 12 }, () => agentIn(db)));
      const offered = await Promise.all(
        agents.map((agent, n) => offer(db, planFor(agent, 'myname', { client: `c${n}` }), `ch${n}`)),
      );
      expect(offered.filter(({ ok }) => ok)).toHaveLength(1);
      const lost = offered.flatMap((each) => (each.ok ? [] : [each.hindrance.kind]));
      expect(new Set(lost)).toEqual(new Set(['locked']));
    }),
  );

  // SQLite has one writing process.
  it.skipIf(skipped || kind === 'sqlite')('lets one of two registrars have a name', () =>
    withStore(async (one) => {
      await withStore(async (other) => {
        const [a, b] = [await agentIn(one), await agentIn(one)];
        const got = await Promise.all([offer(one, planFor(a), 'a'), offer(other, planFor(b), 'b')]);
        expect(got.map(({ ok }) => ok).sort()).toEqual([false, true]);
      });
    }),
  );

  it.skipIf(skipped)('executes an order once, however often it is asked', () =>
    withStore(async (db) => {
      const agent = await agentIn(db);
      await offer(db, planFor(agent), 'ch');
      const all = await Promise.all([1, 2, 3].map(() => finish(db, 'ch', agent)));
      expect(all.map(({ repeated }) => repeated).sort()).toEqual([false, true, true]);
      expect(new Set(all.map(({ result }) => JSON.stringify(result))).size).toBe(1);
      expect(await db.read(accountSums)).toEqual([
        { account: 'payment:tempo', currency: '0x20c0', amount: -520_000n },
        { account: 'sales:register', currency: '0x20c0', amount: 520_000n },
      ]);
      expect(await db.read((sql) => findDomain(sql, 'myname.agent', nowMs))).toMatchObject({ owner: agent });
      expect(await db.read((sql) => lockStanding(sql, 'myname.agent', nowMs))).toMatchObject({
        state: 'free',
      });
      expect(await db.read((sql) => readSerial(sql, 'agent'))).toBe(2);
    }),
  );

  it.skipIf(skipped)('keeps as balance what was paid for a name that is gone', () =>
    withStore(async (db) => {
      const [first, late] = [await agentIn(db), await agentIn(db)];
      await offer(db, planFor(late), 'late');
      // Its lock is over; somebody else buys the name meanwhile.
      const afterMs = nowMs + 700_000;
      expect((await offer(db, planFor(first), 'first', afterMs)).ok).toBe(true);
      expect(await finish(db, 'first', first, afterMs)).toMatchObject({ kind: 'done' });
      expect(await finish(db, 'late', late, afterMs)).toMatchObject({
        kind: 'failed',
        result: { failure: 'taken' },
      });
      expect(await finish(db, 'late', late, afterMs)).toMatchObject({ kind: 'failed', repeated: true });
      expect(await db.read((sql) => balanceOf(sql, late))).toBe(520_000n);
      const sums = new Map<string, bigint>();
      for (const { currency, amount } of await db.read(accountSums))
        sums.set(currency, (sums.get(currency) ?? 0n) + amount);
      expect([...sums.values()]).toEqual([0n, 0n]);
    }),
  );

  it.skipIf(skipped)('bounds locks for each holder and each address, and frees them by the clock', () =>
    withStore(async (db) => {
      const [one, two] = [await agentIn(db), await agentIn(db)];
      const kinds: string[] = [];
      for (let n = 0; n < 8; n++) {
        const got = await offer(db, planFor(n < 4 ? one : two, `name${n}`), `ch${n}`);
        kinds.push(
          got.ok ? 'ok' : got.hindrance.kind === 'too-many-locks' ? got.hindrance.by : got.hindrance.kind,
        );
      }
      expect(kinds).toEqual(['ok', 'ok', 'ok', 'holder', 'ok', 'ok', 'client', 'client']);
      const afterMs = nowMs + 600_001;
      expect(await db.read((sql) => countLocks(sql, 'client', '192.0.2.1', afterMs))).toBe(0);
      expect((await offer(db, planFor(one, 'name9'), 'ch9', afterMs)).ok).toBe(true);
      expect(await db.write((sql) => prunePurchases(sql, afterMs, 100))).toBe(5);
    }),
  );

  it.skipIf(skipped)(
    'keeps a name for a credential that is at work, and for an outcome that is not known',
    () =>
      withStore(async (db) => {
        const [one, two] = [await agentIn(db), await agentIn(db)];
        await offer(db, planFor(one), 'ch');
        await db.write(async (sql) => {
          const order = await findPurchase(sql, 'ch');
          if (order !== undefined)
            await stepPurchase(sql, order, 'present', nowMs, { inFlightMs: nowMs + 599_000 });
        });
        const hindrance = (atMs: number) => db.read((sql) => findHindrance(sql, planFor(two), atMs));
        expect(await hindrance(nowMs + 700_000)).toMatchObject({ kind: 'locked' });
        const kept = (atMs: number) => db.read((sql) => countLocks(sql, 'holder', one, atMs));
        expect([await kept(nowMs), await kept(nowMs + 700_000), await kept(nowMs + 3 * 3_600_000)]).toEqual([
          1, 1, 0,
        ]);
        expect(await hindrance(nowMs + 3 * 3_600_000)).toBeUndefined();
        await db.write(async (sql) => {
          const order = await findPurchase(sql, 'ch');
          if (order !== undefined) await stepPurchase(sql, order, 'lose', nowMs);
        });
        expect(await hindrance(nowMs + 24 * 3_600_000)).toMatchObject({ kind: 'locked' });
      }),
  );

  it.skipIf(skipped)('gives a coupon’s last use to one of many who ask at once', () =>
    withStore(async (db) => {
      const agent = await agentIn(db);
      const half = { price: { ...price, coupon: 'HALF', couponUsesMax: 1 } };
      const got = await Promise.all(
        ['a', 'b', 'c'].map((name) => offer(db, planFor(agent, name, half), name)),
      );
      expect(got.map((each) => (each.ok ? 'ok' : each.hindrance.kind)).sort()).toEqual([
        ...['coupon-used-up', 'coupon-used-up', 'ok'],
      ]);
    }),
  );

  it.skipIf(skipped)('refuses a step that the table does not have, and books that do not balance', () =>
    withStore(async (db) => {
      const agent = await agentIn(db);
      await offer(db, planFor(agent), 'ch');
      await finish(db, 'ch', agent);
      const wrong = db.write(async (sql) => {
        const order = await findPurchase(sql, 'ch');
        if (order !== undefined) await stepPurchase(sql, order, 'fail', nowMs);
      });
      await expect(wrong).rejects.toThrow('done cannot fail');
      const line = { account: balanceAccount(agent), currency: usdMicrosCurrency, amount: 1n };
      await expect(db.write((sql) => book(sql, 'x', [line], nowMs))).rejects.toThrow('balance');
      expect(await db.read((sql) => balanceOf(sql, agent))).toBe(0n);
    }),
  );

  it.skipIf(skipped)('releases names after their grace, with their records', () =>
    withStore(async (db) => {
      const agent = await agentIn(db);
      await offer(db, planFor(agent), 'ch');
      const { result } = await finish(db, 'ch', agent);
      const endMs = (result.expiresMs ?? 0) + graceMs;
      const record = { id: newId('rec'), name: 'www', type: 'A', ttlSeconds: 60, data: '192.0.2.1' } as const;
      expect(await db.write((sql) => insertRecord(sql, 'myname.agent', record, nowMs))).toBe(true);
      expect(
        await db.write((sql) => insertRecord(sql, 'myname.agent', { ...record, id: 'rec_2' }, nowMs)),
      ).toBe(false);
      expect(await db.read((sql) => findDomain(sql, 'myname.agent', endMs - 1))).toBeDefined();
      expect(await db.read((sql) => findDomain(sql, 'myname.agent', endMs))).toBeUndefined();
      expect(await db.read((sql) => releasedDomains(sql, endMs, 10))).toHaveLength(1);
      await db.write((sql) => removeDomain(sql, 'myname.agent'));
      expect(await db.read((sql) => recordsOf(sql, 'myname.agent'))).toEqual([]);
    }),
  );

  it.skipIf(skipped)('puts an event down for those who want it, and gives it to one courier', () =>
    withStore(async (db) => {
      const agent = await agentIn(db);
      const webhook = { agent, target: 'https://a.test/', secret: 's'.repeat(16), createdMs: nowMs };
      await db.write(async (sql) => {
        await insertWebhook(sql, { ...webhook, id: 'whk_1', events: ['domain.registered'] });
        await insertWebhook(sql, { ...webhook, id: 'whk_2', events: ['domain.renewed'] });
        await emitEvent(sql, agent, { type: 'domain.registered', id: 'evt_1', data: { domain: 'x' } }, nowMs);
      });
      expect(await db.read((sql) => dueWebhooks(sql, nowMs - 1, 10))).toEqual([]);
      expect(await db.read((sql) => dueWebhooks(sql, nowMs, 10))).toEqual(['whk_1']);
      const take = () => db.write((sql) => takeDue(sql, 'whk_1', nowMs, nowMs + 1_000));
      const taken = (await Promise.all([take(), take()])).filter((each) => each !== undefined);
      expect(taken).toMatchObject([{ webhook: { id: 'whk_1' }, attempts: 0 }]);
      expect(await db.read((sql) => nextDue(sql, nowMs))).toBe(nowMs + 1_000);
    }),
  );

  it.skipIf(skipped || kind !== 'sqlite')('keeps its file to its owner', () =>
    withStore(async () => {
      expect((await stat(join(folder, `${place}.db`))).mode & 0o777).toBe(0o600);
    }),
  );
});
