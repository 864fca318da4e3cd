import type { Pool, QueryResult } from 'pg';
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
async function gateway(
  more: { readonly leaseMs?: number; readonly answers?: Answers } = {},
): Promise<SharedConcurrency> {
  const { answers, ...rest } = more;
  const pool = await openCountingPool(server?.url ?? '');
  const concurrency = new SharedConcurrency({ pool: answers?.of(pool) ?? pool, schema, ...rest });
  closing.push(async () => {
    await concurrency.close();
    await pool.end();
  });
  return concurrency;
}

/** Decides when the server's answers arrive, and notes of which key how much was said. */
class Answers {
  /** Key and count of each statement that was answered. */
  readonly said: string[] = [];
  #holding: { readonly subject: string; readonly asked: () => void; readonly go: Promise<void> } | undefined;

  of(pool: Pool): Pool {
    const query = async (text: string, values: readonly unknown[] = []): Promise<QueryResult> => {
      const answer = await pool.query(text, [...values]);
      const held = this.#holding;
      if (held !== undefined && held.subject === values[0]) {
        this.#holding = undefined;
        held.asked();
        await held.go;
      }
      this.said.push(`${values[0]} ${values[2]}`);
      return answer;
    };
    return new Proxy(pool, {
      get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)),
    });
  }

  /** Holds back the next answer about a key. */
  hold(subject: string): { readonly asked: Promise<void>; readonly letGo: () => void } {
    let letGo = (): void => {};
    const go = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      this.#holding = { subject, asked: resolve, go };
    });
    return { asked, letGo };
  }

  times(said: string): number {
    return this.said.filter((each) => each === said).length;
  }
}

const entered = async (tries: readonly Promise<boolean>[]) =>
  (await Promise.all(tries)).filter(Boolean).length;

/** What the server has of a key, of all gateways together. */
async function goingOn(subject: string): Promise<number> {
  const rows = await server?.sql(`SELECT coalesce(sum((value->>0)::int), 0)
    FROM ${schema}.limit_going, jsonb_each(gateways) WHERE subject = '${subject}'`);
  return Number(rows?.[0]?.[0]);
}

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
    expect(all.map(({ size }) => size)).toEqual([0, 0]);
    // Whoever has left has told the server of it, too.
    await expect.poll(() => goingOn('busy'), { timeout: 30_000 }).toBe(0);
    expect(
      await entered(Array.from({ length: 5 }, () => all[0]?.enter('busy', 3) ?? Promise.resolve(false))),
    ).toBe(3);
  });

  when('is not forgotten when a key goes idle and comes back while others are told', async () => {
    const answers = new Answers();
    const one = await gateway({ leaseMs: 150, answers });
    expect(await one.enter('first', 2)).toBe(true);
    expect(await one.enter('second', 2)).toBe(true);
    const held = answers.hold('first');
    await held.asked;
    // The timer's walk stands at the first key, with the second before it.
    const idle = answers.times('second 0');
    one.leave('second');
    await expect.poll(() => answers.times('second 0'), { timeout: 30_000 }).toBe(idle + 1);
    expect(await entered([one.enter('second', 2), one.enter('second', 2)])).toBe(2);
    const [before, told] = [answers.said.length, answers.times('first 1')];
    held.letGo();
    // With the next walk's first key the one before it is over.
    await expect.poll(() => answers.times('first 1'), { timeout: 30_000 }).toBeGreaterThan(told + 1);
    const since = answers.said.slice(before);
    expect(await one.enter('second', 2)).toBe(false);
    expect(since).not.toContain('second 0');
    one.leave('second');
    expect(await one.enter('second', 2)).toBe(true);
    expect(await one.enter('second', 2)).toBe(false);
  });

  when('counts a place given back while another is asked for', async () => {
    const answers = new Answers();
    const [one, other] = [await gateway({ answers }), await gateway()];
    expect(await one.enter('swap', 2)).toBe(true);
    const held = answers.hold('swap');
    const next = one.enter('swap', 2);
    await held.asked;
    one.leave('swap');
    // Nobody has told the server of it.
    expect(await other.enter('swap', 2)).toBe(false);
    held.letGo();
    expect(await next).toBe(true);
    await expect.poll(() => other.enter('swap', 2), { timeout: 30_000 }).toBe(true);
    expect(await entered([one.enter('swap', 2), other.enter('swap', 2)])).toBe(0);
  });

  when('is told no further once it is closed', async () => {
    const answers = new Answers();
    const one = await gateway({ leaseMs: 150, answers });
    expect(await one.enter('told', 1)).toBe(true);
    expect(await one.enter('untold', 1)).toBe(true);
    const held = answers.hold('told');
    await held.asked;
    const before = answers.said.length;
    const closed = one.close();
    held.letGo();
    await closed;
    expect(answers.said.slice(before)).toEqual(['told 1']);
  });

  when('of a gateway that is dead stands until its lease is over; of one that lives it stands', async () => {
    const [dead, lives] = [await gateway({ leaseMs: 60_000 }), await gateway({ leaseMs: 9_000 })];
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
      const [one, other] = [await gateway({ leaseMs: 9_000 }), await gateway({ leaseMs: 9_000 })];
      expect(await one.enter('alone', 2)).toBe(true);
      await server?.stop('fast');
      const tries = () => [one, one, other, other, other].map((each) => each.enter('alone', 2));
      expect(await entered(tries())).toBe(3);
      await server?.start();
      // Once each has told what it has, four are going on, and nobody is let in.
      await expect.poll(() => goingOn('alone'), { timeout: 50_000 }).toBe(4);
      one.leave('alone');
      expect(await entered([one.enter('alone', 2), other.enter('alone', 2)])).toBe(0);
    },
  );
});
