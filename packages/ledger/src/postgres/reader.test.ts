import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, LedgerReader } from '../books.js';
import type { Claim, ClaimResult } from '../ledger.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { openPostgresReader } from './open-reader.js';
import { Schemas, titled } from './testing/schemas.js';
import { until } from './testing/until.js';

describe.skipIf(postgresMissing !== undefined)(titled('openPostgresReader', postgresMissing), () => {
  let schemas: Schemas;
  let schema: string;
  let ledger: PostgresLedger;
  let reader: LedgerReader;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(async () => {
    schema = schemas.name();
    ledger = await schemas.open({ schema });
    reader = await openPostgresReader({ url: schemas.server.url, schema });
  });
  afterEach(async () => {
    await reader.close();
    await schemas.clear();
  });

  const sql = (text: string): Promise<unknown[][]> =>
    schemas.server.sql(text.replaceAll('$schema', `"${schema}"`));
  const seqOf = (result: ClaimResult): number => {
    if (!result.ok) throw new Error('it was taken');
    return result.seq;
  };
  async function listed<T>(stream: AsyncIterable<T>): Promise<T[]> {
    const items: T[] = [];
    for await (const item of stream) items.push(item);
    return items;
  }
  const at = (n: number): number => 1_700_000_000_000 + n;
  const moves = (entries: readonly Entry[]): string[] =>
    entries.map(({ seq, atMs, debit, credit }) => `${seq} ${atMs - at(0)} ${debit} → ${credit}`);

  it('streams claims page by page, by seq', async () => {
    for (let n = 0; n < 2500; n += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, m) => ledger.deliver(requestOf(n + m))));
    }
    const claims = await listed(reader.claims());
    const seqs = claims.map(({ seq }) => seq);
    expect(new Set(claims.map(({ challengeId }) => challengeId)).size).toBe(2500);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(claims[0]).toEqual({ ...(await ledger.find(claims[0]?.challengeId ?? '')), hold: 'theirs' });
    expect((await listed(reader.entries())).map(({ seq }) => seq)).toEqual(seqs);
    expect(await reader.size()).toBe(2500);
  });

  it('tells every movement of a claim, the first from the claim itself', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name, n) => requestOf(name, name, { nowMs: at(n) }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
    const first = seqOf(await ledger.release(a));
    const second = seqOf(await ledger.claim(b));
    const third = seqOf(await ledger.deliver(c));
    await ledger.deliver({ ...a, nowMs: at(10) });
    await ledger.answered(first, at(11));
    await ledger.settle(second, at(12));
    await ledger.answered(third, at(13));
    await ledger.refund(third, at(14));
    expect(moves(await listed(reader.entries()))).toEqual([
      `${first} 0 received → owed`,
      `${second} 1 received → owed`,
      `${third} 2 received → revenue`,
      `${first} 10 owed → revenue`,
      `${second} 12 owed → revenue`,
      `${third} 14 revenue → refunds`,
    ]);
    expect(moves((await reader.claim(`#${third}`))?.entries ?? [])).toEqual([
      `${third} 2 received → revenue`,
      `${third} 14 revenue → refunds`,
    ]);
    const movements = (await reader.movements()).map(({ debit, credit, count, amount }) => [
      debit,
      credit,
      count,
      amount,
    ]);
    const sat = (amount: bigint): unknown => ({ amount, currency: 'sat' });
    expect(movements).toEqual([
      ['received', 'owed', 2, sat(2n)],
      ['received', 'revenue', 1, sat(1n)],
      ['owed', 'revenue', 2, sat(2n)],
      ['revenue', 'refunds', 1, sat(1n)],
    ]);
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
  });

  it('moves within one batch are all there', async () => {
    const request = requestOf('quick');
    await Promise.all([ledger.release(request), ledger.deliver(request), ledger.release(requestOf('again'))]);
    await Promise.all([ledger.release(requestOf('again')), ledger.claim(requestOf('again'))]);
    const { entries = [], claim } = (await reader.claim(request.challengeId)) ?? {};
    expect(claim).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(entries.map(({ debit, credit }) => [debit, credit])).toEqual([
      ['received', 'owed'],
      ['owed', 'revenue'],
    ]);
    expect(await sql('SELECT count(*)::int FROM $schema.credit')).toEqual([[0]]);
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
  });

  it('finds a claim by its challenge, payment or number, and nothing else', async () => {
    const plain = requestOf('plain');
    const odd = requestOf('odd', 'odd', { reference: '#1' });
    const like = requestOf('like', 'like', { reference: plain.challengeId });
    const seqs = [await ledger.deliver(plain), await ledger.deliver(odd), await ledger.deliver(like)].map(
      seqOf,
    );
    const seqFound = async (name: string): Promise<unknown> => (await reader.claim(name))?.claim.seq;
    expect(await seqFound(plain.challengeId)).toBe(seqs[0]);
    expect(await seqFound(plain.reference)).toBe(seqs[0]);
    expect(await seqFound(`#${seqs[1]}`)).toBe(seqs[1]);
    expect(await seqFound(like.challengeId)).toBe(seqs[2]);
    for (const name of [
      '',
      '#0',
      '#',
      '#99999999',
      '#9999999999999999',
      'x',
      "'; DROP TABLE",
      plain.reference.toUpperCase(),
    ])
      expect(await reader.claim(name)).toBeUndefined();
  });

  it('filters by time, route, method and state', async () => {
    const deliver = async (name: string, n: number, route: string, method: string): Promise<number> =>
      seqOf(await ledger.deliver(requestOf(name, name, { nowMs: at(n), route, method })));
    const a = await deliver('a', 1, 'GET /a', 'lightning');
    const b = await deliver('b', 2, 'GET /b', 'lightning');
    const c = await deliver('c', 3, 'GET /b', 'tempo');
    await ledger.answered(a, at(4));
    await ledger.refund(a, at(5));
    const claims = async (filter: Parameters<LedgerReader['claims']>[0]): Promise<number[]> =>
      (await listed(reader.claims(filter))).map(({ seq }: Claim) => seq);
    expect(await claims({ fromMs: at(2) })).toEqual([b, c]);
    expect(await claims({ fromMs: at(2), untilMs: at(3) })).toEqual([b]);
    expect(await claims({ route: 'GET /b' })).toEqual([b, c]);
    expect(await claims({ route: 'GET /b', method: 'tempo' })).toEqual([c]);
    expect(await claims({ states: ['delivered'] })).toEqual([b, c]);
    expect(await claims({ states: ['refunded', 'answered'] })).toEqual([a]);
    expect(await claims({ states: [] })).toEqual([]);
    expect(moves(await listed(reader.entries({ fromMs: at(3) })))).toEqual([
      `${c} 3 received → revenue`,
      `${a} 5 revenue → refunds`,
    ]);
    expect(moves(await listed(reader.entries({ route: 'GET /a', untilMs: at(5) })))).toEqual([
      `${a} 1 received → revenue`,
    ]);
  });

  it('a stream sees the ledger as it was when it began, and leaves no connection behind', async () => {
    await Promise.all(Array.from({ length: 1500 }, (_, n) => ledger.release(requestOf(n))));
    const connections = async (): Promise<number> =>
      (
        await sql(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'farebox' AND query LIKE '%$schema%' AND state = 'idle in transaction'`,
        )
      ).length;
    let seen = 0;
    for await (const entry of reader.entries()) {
      expect(entry).toMatchObject({ debit: 'received', credit: 'owed' });
      if (seen++ === 0) {
        await Promise.all(Array.from({ length: 700 }, (_, n) => ledger.deliver(requestOf(n + 1000))));
        expect(await connections()).toBe(1);
      }
    }
    expect(seen).toBe(1500);
    for await (const claim of reader.claims()) if (claim.seq > 0) break;
    await until(async () => (await connections()) === 0);
    expect(await listed(reader.entries())).toHaveLength(1700 + 500);
  });

  it('goes on with another connection when its own was cut, however soon that is seen', async () => {
    await ledger.deliver(requestOf(1));
    const url = new URL(schemas.server.url);
    url.searchParams.set('application_name', schema);
    const cuttable = await openPostgresReader({ url: url.href, schema });
    const found = `FROM pg_stat_activity WHERE application_name = '${schema}'`;
    for (let turn = 0; turn < 3; turn++) {
      expect(await cuttable.size()).toBe(1);
      // The connection that opened it may still be there.
      await until(async () => (await sql(`SELECT pid ${found}`)).length === 1);
      expect(await sql(`SELECT pg_terminate_backend(pid) ${found}`)).toEqual([[true]]);
      // The one that meets the end may be refused. The next one, asked in the same turn, is not.
      const [met, next] = [cuttable.size().catch((error: unknown) => error), cuttable.size()];
      const answer = await met;
      if (answer !== 1) expect(answer).toMatchObject({ code: 'ledger_unavailable' });
      expect(await next).toBe(1);
    }
    await cuttable.close();
    await until(async () => (await sql(`SELECT pid ${found}`)).length === 0);
  });

  it('names what does not agree', async () => {
    await ledger.deliver(requestOf(1));
    await ledger.release(requestOf(2));
    expect(await reader.audit()).toEqual({ faults: [], partial: false });
    await sql('UPDATE $schema.claim SET state = 4 WHERE state = 2');
    expect((await reader.audit()).faults).toMatchObject([
      { account: 'owed', booked: 1n, claimed: 0n },
      { account: 'revenue', booked: 1n, claimed: 2n },
    ]);
    await sql('UPDATE $schema.claim SET paid = 5');
    expect((await reader.audit()).faults).toContainEqual(
      expect.objectContaining({ account: 'received', booked: 2n, claimed: 10n }),
    );
  });

  it('refuses damage', async () => {
    await ledger.release(requestOf(1));
    await sql('UPDATE $schema.claim SET attempts = 0');
    const damaged = { name: 'LedgerDamaged', code: 'ledger_corrupt' };
    await expect(listed(reader.claims())).rejects.toMatchObject(damaged);
    await expect(reader.claim('#1')).rejects.toMatchObject(damaged);
    await sql('ALTER TABLE $schema.claim DROP CONSTRAINT claim_state_check');
    await sql('UPDATE $schema.claim SET state = 99');
    await expect(listed(reader.entries())).rejects.toMatchObject(damaged);
    await expect(reader.audit()).rejects.toThrow('damaged');
  });

  it('does not write, and does not make a ledger where there is none', async () => {
    const none = await openPostgresReader({ url: schemas.server.url, schema: schemas.name() }).catch(
      (error: unknown) => error,
    );
    expect(none).toMatchObject({ name: 'LedgerOpenError', code: 'ledger_unopenable' });
    expect(String(none)).toContain('There is no ledger');
    const foreign = schemas.name();
    await schemas.server.sql(`CREATE SCHEMA "${foreign}"`);
    await schemas.server.sql(`CREATE TABLE "${foreign}".claim (mine text)`);
    await expect(openPostgresReader({ url: schemas.server.url, schema: foreign })).rejects.toMatchObject({
      code: 'ledger_foreign_file',
    });
    const url = new URL(schemas.server.url);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const other = await openPostgresReader({ url: url.href, schema });
    expect(await other.size()).toBe(0);
    await other.close();
    await expect(other.size()).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });
});
