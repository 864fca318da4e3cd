import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimResult } from '../ledger.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { Schemas, titled } from './testing/schemas.js';
import { until } from './testing/until.js';

const unavailable = { name: 'LedgerUnavailable', code: 'ledger_unavailable', retry: 'same-credential' };
const conflict = { name: 'LedgerMisuse', code: 'ledger_conflict' };
/** The longest: these leases run out by the hand of the test, and no heartbeat comes in between. */
const leaseMs = 3_600_000;

describe.skipIf(postgresMissing !== undefined)(titled('holders in PostgreSQL', postgresMissing), () => {
  let schemas: Schemas;
  let schema: string;
  let first: PostgresLedger;
  let second: PostgresLedger;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(async () => {
    schema = schemas.name();
    first = await schemas.open({ schema, leaseMs, reconnectDelayMaxMs: 50 });
    second = await schemas.open({ schema, leaseMs, reconnectDelayMaxMs: 50 });
  });
  afterEach(() => schemas.clear());

  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown[][]> =>
    schemas.server.sql(text.replaceAll('$schema', `"${schema}"`), values);
  const seqOf = (result: ClaimResult): number => {
    if (!result.ok) throw new Error('it was taken');
    return result.seq;
  };
  const holderOf = async (name: string): Promise<number> => {
    const found = await first.find(requestOf(name).challengeId);
    const [row] = await sql('SELECT holder FROM $schema.claim WHERE seq = $1', [found?.seq]);
    return Number(row?.[0]);
  };
  // As if its lease had run out.
  const lapse = async (...ids: number[]): Promise<void> => {
    await sql(
      `UPDATE $schema.holder SET lease_until = clock_timestamp() - interval '1 second' WHERE id = ANY ($1::bigint[])`,
      [ids],
    );
  };
  const found = (ledger: PostgresLedger, name: string): Promise<unknown> =>
    ledger.find(requestOf(name).challengeId);

  it('what a living holder works on is moved by nobody else', async () => {
    const claimed = seqOf(await first.claim(requestOf('claimed')));
    const delivered = seqOf(await first.deliver(requestOf('delivered')));
    expect(await found(second, 'claimed')).toMatchObject({ state: 'claimed', hold: 'theirs' });
    expect(await second.claim(requestOf('claimed'), true)).toMatchObject({
      ok: false,
      claim: { hold: 'theirs' },
    });
    expect(await second.release(requestOf('claimed'))).toMatchObject({ ok: false });
    await expect(second.settle(claimed, 2)).rejects.toMatchObject(conflict);
    await expect(second.unknown(claimed, 2)).rejects.toMatchObject(conflict);
    await expect(second.resolve(claimed, 'released', 2)).rejects.toMatchObject(conflict);
    await expect(second.refund(claimed, 2)).rejects.toMatchObject(conflict);
    await second.abandon(requestOf('claimed').challengeId, 2);
    expect(await second.redeliver(delivered, 3, 2)).toBe('busy');
    await expect(second.answered(delivered, 2)).rejects.toMatchObject(conflict);
    await expect(second.cut(delivered, 2)).rejects.toMatchObject(conflict);
    await second.abandon(requestOf('delivered').challengeId, 2);
    await expect(second.refund(delivered, 2)).rejects.toMatchObject(conflict);
    expect(await found(first, 'claimed')).toMatchObject({ state: 'claimed', hold: 'mine', attempts: 0 });
    expect(await found(first, 'delivered')).toMatchObject({
      state: 'delivered',
      hold: 'mine',
      redeliveries: 0,
    });
    await first.settle(claimed, 3);
    await first.answered(delivered, 3);
  });

  it('a clean close orphans at once', async () => {
    const seq = seqOf(await first.deliver(requestOf('left')));
    await first.claim(requestOf('asked'));
    await first.close();
    expect(await found(second, 'left')).toMatchObject({ state: 'delivered', hold: 'orphaned' });
    expect(await second.redeliver(seq, 3, 2)).toBe('allowed');
    expect(await found(second, 'left')).toMatchObject({ state: 'delivered', hold: 'mine', redeliveries: 1 });
    expect(await second.claim(requestOf('asked'))).toMatchObject({ ok: false, claim: { hold: 'orphaned' } });
    expect(await second.claim(requestOf('asked'), true)).toMatchObject({ ok: true });
  });

  it('a lease that has run out: until it is fenced, its holder goes on as itself', async () => {
    const seq = seqOf(await first.claim(requestOf('late')));
    const id = await holderOf('late');
    await lapse(id);
    expect(await found(second, 'late')).toMatchObject({ hold: 'orphaned' });
    // Nothing that moves nothing fences it.
    expect(await second.claim(requestOf('late'))).toMatchObject({ ok: false });
    await first.settle(seq, 2);
    expect(await holderOf('late')).toBe(id);
    expect(await sql('SELECT fenced FROM $schema.holder WHERE id = $1', [id])).toEqual([[false]]);
  });

  it('a lease that has run out: taken over only after fencing; then its holder is refused whole', async () => {
    const seq = seqOf(await first.claim(requestOf('taken over')));
    const other = seqOf(await first.claim(requestOf('other')));
    const id = await holderOf('taken over');
    await lapse(id);
    expect(await second.claim(requestOf('taken over'), true)).toEqual({ ok: true, seq });
    expect(await sql('SELECT fenced FROM $schema.holder WHERE id = $1', [id])).toEqual([[true]]);
    const batch = [first.settle(other, 3), first.deliver(requestOf('new')), first.settle(seq, 3)];
    for (const refused of batch) {
      await expect(refused).rejects.toMatchObject(unavailable);
      await expect(refused).rejects.toThrow('taken for dead');
    }
    expect(await found(second, 'new')).toBeUndefined();
    expect(await found(second, 'taken over')).toMatchObject({ state: 'claimed', hold: 'mine' });
    // From here on it is another holder.
    expect(await found(first, 'other')).toMatchObject({ state: 'claimed', hold: 'orphaned' });
    await expect(first.settle(other, 4)).rejects.toMatchObject(conflict);
    await expect(first.settle(seq, 4)).rejects.toMatchObject(conflict);
    expect(await first.deliver(requestOf('new'))).toMatchObject({ ok: true });
    expect(await first.claim(requestOf('other'), true)).toMatchObject({ ok: true });
    await second.settle(seq, 5);
  });

  it('fenced, and it only reads: what it held is not its own any more', async () => {
    await first.claim(requestOf('read'));
    await lapse(await holderOf('read'));
    await second.claim(requestOf('read 2'));
    expect(await found(first, 'read')).toMatchObject({ hold: 'mine' });
    await sql('UPDATE $schema.holder SET fenced = true WHERE id = $1', [await holderOf('read')]);
    expect(await found(first, 'read')).toMatchObject({ hold: 'orphaned' });
    await sql('DELETE FROM $schema.holder WHERE id = $1', [await holderOf('read')]);
    expect(await found(first, 'read')).toMatchObject({ hold: 'orphaned' });
    await expect(first.deliver(requestOf('read 3'))).rejects.toMatchObject(unavailable);
  });

  it('both leases have run out, and each wants what the other holds: one may be fenced, never both, and nobody waits', async () => {
    let fencedBefore = 0;
    for (let round = 0; round < 10; round++) {
      const [mine, yours] = [`mine ${round}`, `yours ${round}`];
      const claimed = await Promise.allSettled([
        first.claim(requestOf(mine)),
        second.claim(requestOf(yours)),
      ]);
      // One that was done before it was fenced hears of it now; then it goes on as a new holder.
      const late = claimed.filter((result) => result.status === 'rejected');
      expect(late.length).toBeLessThanOrEqual(fencedBefore);
      for (const { reason } of late) expect(reason).toMatchObject(unavailable);
      if (claimed[0].status === 'rejected') await first.claim(requestOf(mine));
      if (claimed[1].status === 'rejected') await second.claim(requestOf(yours));
      const ids = [await holderOf(mine), await holderOf(yours)];
      await lapse(...ids);
      const results = await Promise.allSettled([
        first.claim(requestOf(yours), true),
        second.claim(requestOf(mine), true),
      ]);
      const fenced = await sql('SELECT id FROM $schema.holder WHERE fenced AND id = ANY ($1::bigint[])', [
        ids,
      ]);
      const won = results.filter((result) => result.status === 'fulfilled' && result.value.ok);
      expect(fenced.length).toBeLessThanOrEqual(1);
      expect(won.length).toBe(fenced.length);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject(unavailable);
      fencedBefore = fenced.length;
    }
  });

  it('a holder that is committing is not fenced: it counts as alive', async () => {
    await first.claim(requestOf('busy'));
    const id = await holderOf('busy');
    await lapse(id);
    const admin = await schemas.client();
    // As its batch has it, between its first statement and its COMMIT.
    await admin.query('BEGIN');
    await admin.query(`SELECT 1 FROM "${schema}".holder WHERE id = $1 FOR SHARE`, [id]);
    expect(await second.claim(requestOf('busy'), true)).toMatchObject({
      ok: false,
      claim: { hold: 'theirs' },
    });
    await admin.query('COMMIT');
    expect(await second.claim(requestOf('busy'), true)).toMatchObject({ ok: true });
  });

  it('a connection that is lost and comes back: goes on as itself', async () => {
    const seq = seqOf(await first.claim(requestOf('lost')));
    const id = await holderOf('lost');
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%' || $1 || '%'`,
      [schema],
    );
    await until(async () => first.stats.reconnects === 1 && second.stats.reconnects === 1);
    expect(await found(second, 'lost')).toMatchObject({ hold: 'theirs' });
    await first.settle(seq, 2);
    expect(await holderOf('lost')).toBe(id);
  });

  it('two holders want one orphan at once, with much else: exactly one gets it', async () => {
    const third = await schemas.open({ schema });
    for (let round = 0; round < 10; round++) {
      const dead = await schemas.open({ schema });
      const names = Array.from({ length: 20 }, (_, n) => `orphan ${round} ${n}`);
      await Promise.all(names.map((name) => dead.claim(requestOf(name))));
      await dead.close();
      const results = await Promise.all(
        names.map((name) =>
          Promise.all([first, second, third].map((ledger) => ledger.claim(requestOf(name), true))),
        ),
      );
      for (const each of results) expect(each.filter(({ ok }) => ok)).toHaveLength(1);
    }
  });

  it('one lease that runs out with many orphans, wanted by two at once: each is got once, or by nobody yet', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `swarm ${n}`);
    const dead = await schemas.open({ schema, leaseMs: 300 });
    await Promise.all(names.map((name) => dead.deliver(requestOf(name))));
    await lapse(await holderOf('swarm 0'));
    await sql('UPDATE $schema.holder SET fenced = true WHERE id = $1', [await holderOf('swarm 0')]);
    const seqs = await Promise.all(
      names.map(async (name) => (await first.find(requestOf(name).challengeId))?.seq ?? 0),
    );
    const said = await Promise.all(
      seqs.map((seq) => Promise.all([first.redeliver(seq, 3, 2), second.redeliver(seq, 3, 2)])),
    );
    for (const each of said) expect([...each].sort()).toEqual(['allowed', 'busy']);
  });
});
