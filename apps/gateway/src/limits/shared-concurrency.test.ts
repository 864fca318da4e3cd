import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { openCountingPool, openPostgresKeys } from '../keys/postgres.js';
import { SharedConcurrency } from './shared-concurrency.js';

const missing = privatePostgresMissing;
const schema = 'going_keys';
let server: PostgresServer | undefined;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  if (missing !== undefined) return;
  server = await testPostgres('private');
  await (await openPostgresKeys(server.url, schema)).close();
});
afterAll(async () => {
  for (const close of closing) await close();
  await server?.dispose();
});

/** A gateway's own view of what all have going on. */
async function gateway(more: { readonly leaseMs?: number } = {}): Promise<SharedConcurrency> {
  const pool = await openCountingPool(server?.url ?? '');
  const concurrency = new SharedConcurrency({ pool, schema, ...more });
  closing.push(async () => {
    await concurrency.close();
    await pool.end();
  });
  return concurrency;
}

const entered = async (tries: readonly Promise<boolean>[]) =>
  (await Promise.all(tries)).filter(Boolean).length;

const title = 'what gateways on one PostgreSQL have going on';
describe(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  const when = it.skipIf(missing !== undefined);

  when('is at most what the plan says, whoever asks at once', async () => {
    const all = await Promise.all([gateway(), gateway(), gateway()]);
    const tries = Array.from({ length: 60 }, async (_, at) => all[at % 3]?.enter('crowd', 7) ?? false);
    expect(await entered(tries)).toBe(7);
    expect(await entered(all.map((one) => one.enter('crowd', 7)))).toBe(0);
    expect(await entered(all.map((one) => one.enter('other', 2)))).toBe(2);
  });

  when('a place that is given back is free at every gateway, and only that', async () => {
    const [one, other] = [await gateway(), await gateway()];
    expect(await entered([one.enter('back', 2), one.enter('back', 2), other.enter('back', 2)])).toBe(2);
    one.leave('back');
    await expect.poll(() => other.enter('back', 2), { timeout: 30_000 }).toBe(true);
    expect(await one.enter('back', 2)).toBe(false);
    expect(await other.enter('back', 2)).toBe(false);
  });

  when('holds its bound while many come and go', async () => {
    const all = await Promise.all([gateway(), gateway()]);
    let [going, most, served] = [0, 0, 0];
    const client = async (at: number): Promise<void> => {
      for (let turn = 0; turn < 30; turn++) {
        const one = all[(at + turn) % 2];
        if ((await one?.enter('busy', 3)) !== true) continue;
        most = Math.max(most, ++going);
        served += 1;
        await new Promise((resolve) => setImmediate(resolve));
        going -= 1;
        one?.leave('busy');
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, at) => client(at)));
    expect(most).toBeLessThanOrEqual(3);
    expect(served).toBeGreaterThan(0);
    await expect.poll(() => all.map(({ size }) => size), { timeout: 30_000 }).toEqual([0, 0]);
    expect(
      await entered(Array.from({ length: 5 }, () => all[0]?.enter('busy', 3) ?? Promise.resolve(false))),
    ).toBe(3);
  });

  when('of a gateway that is dead stands until its lease is over; of one that lives it stands', async () => {
    const [dead, lives] = [await gateway({ leaseMs: 60_000 }), await gateway({ leaseMs: 3_000 })];
    expect(await lives.enter('lease', 2)).toBe(true);
    expect(await dead.enter('lease', 2)).toBe(true);
    const third = await gateway();
    expect(await third.enter('lease', 2)).toBe(false);
    // It tells nothing any more, and has given nothing back.
    await dead.close();
    // As if the lease of the one that is dead, and the first lease of the one that lives, were over.
    const early = (ms: number) =>
      server?.sql(
        `UPDATE ${schema}.limit_going SET gateways =
         (SELECT jsonb_object_agg(key, jsonb_build_array(value->0, (value->>1)::bigint - ${ms})) FROM jsonb_each(gateways))
       WHERE subject = 'lease'`,
      );
    await early(120_000);
    const toldAgain = async () =>
      Number(
        (
          await server?.sql(
            `SELECT count(*) FROM ${schema}.limit_going, jsonb_each(gateways)
         WHERE subject = 'lease' AND (value->>1)::bigint > extract(epoch FROM clock_timestamp()) * 1000`,
          )
        )?.[0]?.[0],
      );
    await expect.poll(toldAgain, { timeout: 30_000 }).toBe(1);
    expect(await third.enter('lease', 2)).toBe(true);
    expect(await third.enter('lease', 2)).toBe(false);
  });

  when(
    'is counted by each for itself while the server does not answer, and together again after',
    async () => {
      const [one, other] = [await gateway({ leaseMs: 3_000 }), await gateway({ leaseMs: 3_000 })];
      expect(await one.enter('alone', 2)).toBe(true);
      await server?.stop('fast');
      const tries = () => [one, one, other, other, other].map((each) => each.enter('alone', 2));
      expect(await entered(tries())).toBe(3);
      await server?.start();
      // Once each has told what it has, four are going on, and nobody is let in.
      await expect
        .poll(
          async () =>
            (
              await server?.sql(`SELECT coalesce(sum((value->>0)::int), 0)
        FROM ${schema}.limit_going, jsonb_each(gateways) WHERE subject = 'alone'`)
            )?.[0]?.[0],
          { timeout: 50_000 },
        )
        .toBe('4');
      one.leave('alone');
      expect(await entered([one.enter('alone', 2), other.enter('alone', 2)])).toBe(0);
    },
  );
});
