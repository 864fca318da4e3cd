import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimRequest, ClaimResult, StoredAnswer, SweepTerms, Swept } from '../ledger.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { openPostgresReader } from './open-reader.js';
import { Schemas, titled } from './testing/schemas.js';
import { until } from './testing/until.js';

const dayMs = 86_400_000;
const startMs = 1_700_000_000_000;
const answer: StoredAnswer = { status: 200, headers: ['a', 'b'], body: Buffer.from('body') };

function terms(nowMs: number, changes: Partial<SweepTerms> = {}): SweepTerms {
  const windows = { redemptionWindowMs: 30 * dayMs, replayWindowMs: dayMs, retentionMs: 90 * dayMs };
  return { nowMs, ...windows, rowsMax: 100, ...changes };
}

describe.skipIf(postgresMissing !== undefined)(titled('housekeeping in PostgreSQL', postgresMissing), () => {
  let schemas: Schemas;
  let schema: string;
  let ledger: PostgresLedger;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(async () => {
    schema = schemas.name();
    ledger = await schemas.open({ schema });
  });
  afterEach(() => schemas.clear());

  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown[][]> =>
    schemas.server.sql(text.replaceAll('$schema', `"${schema}"`), values);
  const rowsOf = async (table: string): Promise<unknown> =>
    (await sql(`SELECT count(*)::int FROM $schema.${table}`))[0]?.[0];

  async function all(swept: SweepTerms): Promise<Swept> {
    const sum = { expired: 0, answers: 0, pruned: 0, more: false };
    for (let more = true; more; ) {
      const step = await ledger.sweep(swept);
      expect(step.expired + step.answers + step.pruned).toBeLessThanOrEqual(swept.rowsMax);
      sum.expired += step.expired;
      sum.answers += step.answers;
      sum.pruned += step.pruned;
      more = step.more;
    }
    return sum;
  }

  async function audited(): Promise<unknown> {
    const reader = await openPostgresReader({ url: schemas.server.url, schema });
    try {
      return await reader.audit();
    } finally {
      await reader.close();
    }
  }

  async function answerMany(requests: readonly ClaimRequest[]): Promise<void> {
    const results = await Promise.all(requests.map((request) => ledger.deliver(request, answer)));
    await Promise.all(
      results.map((result) =>
        result.ok ? ledger.answered(result.seq, startMs) : Promise.reject(new Error('taken')),
      ),
    );
  }

  it('removes what is done with and old, in bounded steps; keeps all else, and the books', async () => {
    await answerMany(Array.from({ length: 250 }, (_, n) => requestOf(`old ${n}`)));
    await Promise.all(Array.from({ length: 50 }, (_, n) => ledger.release(requestOf(`credit ${n}`))));
    await ledger.deliver(requestOf('not answered'));
    await ledger.claim(requestOf('not delivered'));
    await answerMany([requestOf('not expired', 'not expired', { expiresMs: startMs + 400 * dayMs })]);
    const step = await ledger.sweep(terms(startMs + 91 * dayMs));
    expect(step).toEqual({ expired: 50, answers: 50, pruned: 0, more: true });
    expect(await all(terms(startMs + 91 * dayMs))).toEqual({
      expired: 0,
      answers: 201,
      pruned: 250,
      more: false,
    });
    expect(await rowsOf('claim')).toBe(53);
    // The credits expired only now: their retention begins.
    expect(await all(terms(startMs + 182 * dayMs))).toEqual({
      expired: 0,
      answers: 0,
      pruned: 50,
      more: false,
    });
    expect([
      await rowsOf('claim'),
      await rowsOf('entry'),
      await rowsOf('answer'),
      await rowsOf('credit'),
    ]).toEqual([3, 0, 0, 0]);
    expect(await ledger.find(requestOf('not expired').challengeId)).toMatchObject({ state: 'answered' });
    expect(await all(terms(startMs + 182 * dayMs))).toEqual({
      expired: 0,
      answers: 0,
      pruned: 0,
      more: false,
    });
    expect(await audited()).toEqual({ faults: [], partial: true });
    expect(
      await sql(`SELECT number, sum(count)::int FROM $schema.movement GROUP BY number ORDER BY number`),
    ).toEqual([
      [1, 51],
      [2, 252],
      [4, 50],
    ]);
  });

  it('looks past what is young, e.g. of a gateway whose clock was ahead, and past what is never removed', async () => {
    await ledger.deliver(requestOf('ahead', 'ahead', { nowMs: startMs + 1000 * dayMs }));
    await answerMany(Array.from({ length: 5 }, (_, n) => requestOf(`old ${n}`)));
    await Promise.all(Array.from({ length: 30 }, (_, n) => ledger.deliver(requestOf(`kept ${n}`))));
    await ledger.deliver(requestOf('ahead 2', 'ahead 2', { nowMs: startMs + 1000 * dayMs }));
    await answerMany(Array.from({ length: 5 }, (_, n) => requestOf(`old 2 ${n}`)));
    const at = terms(startMs + 91 * dayMs, { replayWindowMs: 1000 * dayMs, rowsMax: 4 });
    expect(await all(at)).toMatchObject({ pruned: 10 });
    expect(await rowsOf('claim')).toBe(32);
  });

  it('a claim that is missing without having been removed is found by the audit, after a prune too', async () => {
    await answerMany([requestOf('old')]);
    await ledger.deliver(requestOf('young', 'young', { nowMs: startMs + 100 * dayMs }));
    await ledger.release(requestOf('credit', 'credit', { nowMs: startMs + 100 * dayMs }));
    expect(await all(terms(startMs + 100 * dayMs))).toMatchObject({ pruned: 1 });
    expect(await audited()).toEqual({ faults: [], partial: true });
    await sql(`DELETE FROM $schema.claim`);
    const account = { method: 'lightning', currency: 'sat', route: 'GET /v1/bitcoin/*' };
    expect(await audited()).toEqual({
      faults: [
        { ...account, account: 'received', booked: 3n, claimed: 1n },
        { ...account, account: 'owed', booked: 1n, claimed: 0n },
        { ...account, account: 'revenue', booked: 2n, claimed: 1n },
      ],
      partial: true,
    });
  });

  it('stops no traffic: while it is in the middle, claims are delivered, redeemed, and expired ones refused', async () => {
    await answerMany(Array.from({ length: 300 }, (_, n) => requestOf(`old ${n}`)));
    await Promise.all(Array.from({ length: 20 }, (_, n) => ledger.release(requestOf(`credit ${n}`))));
    const other = await schemas.open({ schema });
    // It stops when it wants to add up what it has removed: with all its rows locked.
    const admin = await schemas.client();
    await admin.query('BEGIN');
    await admin.query(`LOCK TABLE "${schema}".pruned IN EXCLUSIVE MODE`);
    const sweeping = ledger.sweep(
      terms(startMs + 91 * dayMs, { rowsMax: 1000, redemptionWindowMs: 365 * dayMs }),
    );
    let over = false;
    void sweeping.finally(() => {
      over = true;
    });
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`;
    await until(async () => (await sql(waiting, [schema])).length > 0);
    const deliver = (each: PostgresLedger, name: string, count: number): Promise<ClaimResult>[] =>
      Array.from({ length: count }, (_, n) => each.deliver(requestOf(`${name} ${n}`)));
    const fresh = [...deliver(ledger, 'one', 200), ...deliver(other, 'other', 200)];
    const credits = await Promise.all(deliver(other, 'credit', 20));
    const old = await Promise.all(deliver(other, 'old', 20));
    expect([...(await Promise.all(fresh)), ...credits].every(({ ok }) => ok)).toBe(true);
    expect(old.some(({ ok }) => ok)).toBe(false);
    // One that sweeps is enough.
    expect(await other.sweep(terms(startMs + 91 * dayMs))).toEqual({
      expired: 0,
      answers: 0,
      pruned: 0,
      more: false,
    });
    expect(over).toBe(false);
    await admin.query('ROLLBACK');
    expect(await sweeping).toEqual({ expired: 0, answers: 300, pruned: 300, more: false });
    expect(await audited()).toEqual({ faults: [], partial: true });
  });

  it('waits for no batch: what a gateway is working on is left for later', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, n) => ledger.release(requestOf(`credit ${n}`))));
    await answerMany(Array.from({ length: 10 }, (_, n) => requestOf(`old ${n}`)));
    const admin = await schemas.client();
    await admin.query('BEGIN');
    await admin.query(`SELECT 1 FROM "${schema}".claim WHERE challenge = ANY ($1) FOR UPDATE`, [
      ['credit 3', 'old 3'].map((name) => Buffer.from(requestOf(name).challengeId, 'base64url')),
    ]);
    const at = terms(startMs + 91 * dayMs);
    expect(await ledger.sweep(at)).toMatchObject({ expired: 9, answers: 10, pruned: 9 });
    await admin.query('COMMIT');
    expect(await all(at)).toMatchObject({ expired: 1, answers: 0, pruned: 1 });
    expect(await rowsOf('answer')).toBe(0);
  });

  it('a credit that is redeemed at the last moment is not expired, and one that is expired is not redeemed', async () => {
    for (let round = 0; round < 10; round++) {
      const requests = Array.from({ length: 40 }, (_, n) => requestOf(`${round} ${n}`));
      await Promise.all(requests.map((request) => ledger.release(request)));
      const [swept, ...results] = await Promise.all([
        ledger.sweep(terms(startMs + 31 * dayMs)),
        ...requests.map((request) => ledger.deliver(request)),
      ]);
      expect(swept.expired + results.filter(({ ok }) => ok).length).toBe(40);
      for (const result of results) if (!result.ok) expect(result.claim.state).toBe('expired');
    }
    expect(await audited()).toEqual({ faults: [], partial: false });
  });

  it('adds up the books of gateways that have ended under nobody, and forgets them', async () => {
    const other = await schemas.open({ schema });
    await Promise.all(Array.from({ length: 10 }, (_, n) => other.deliver(requestOf(n))));
    await ledger.deliver(requestOf('mine'));
    const open = await other.claim(requestOf('open'));
    await other.close();
    expect(await rowsOf('holder')).toBe(3);
    await all(terms(startMs));
    expect(await rowsOf('holder')).toBe(2);
    expect(
      await sql('SELECT number, count::int FROM $schema.movement WHERE holder = 0 ORDER BY number'),
    ).toEqual([
      [1, 1],
      [2, 10],
    ]);
    expect(await audited()).toEqual({ faults: [], partial: false });
    // Who has no row is dead.
    expect(open.ok && (await ledger.claim(requestOf('open'), true))).toEqual(open);
  });

  it('fences who has been gone for an hour', async () => {
    // The longest lease: it is not renewed in between.
    const gone = await schemas.open({ schema, leaseMs: 3_600_000 });
    await gone.deliver(requestOf(1));
    const [[id] = []] = await sql('SELECT holder FROM $schema.claim');
    await sql(
      `UPDATE $schema.holder SET lease_until = clock_timestamp() - interval '59 minutes' WHERE id = $1`,
      [id],
    );
    await ledger.sweep(terms(startMs));
    expect(await rowsOf('holder')).toBe(3);
    await sql(
      `UPDATE $schema.holder SET lease_until = clock_timestamp() - interval '61 minutes' WHERE id = $1`,
      [id],
    );
    await ledger.sweep(terms(startMs));
    expect(await rowsOf('holder')).toBe(2);
    await expect(gone.deliver(requestOf(2))).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect(await gone.deliver(requestOf(2))).toMatchObject({ ok: true });
    expect(await audited()).toEqual({ faults: [], partial: false });
  });

  it('fails closed, and goes on with another connection', async () => {
    await answerMany([requestOf(1)]);
    const admin = await schemas.client();
    await admin.query('BEGIN');
    await admin.query(`LOCK TABLE "${schema}".pruned IN EXCLUSIVE MODE`);
    const at = terms(startMs + 91 * dayMs);
    const swept = expect(ledger.sweep(at)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    const waiting = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`;
    await until(async () => (await sql(waiting, [schema])).length > 0);
    await swept;
    await admin.query('ROLLBACK');
    expect(await all(at)).toMatchObject({ answers: 1, pruned: 1 });
  });
});
