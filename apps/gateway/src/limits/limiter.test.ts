import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { openCountingPool, openPostgresKeys } from '../keys/postgres.js';
import { openSqliteKeys } from '../keys/sqlite.js';
import type { Limiter } from './limiter.js';
import { createMemoryLimiter } from './memory-limiter.js';
import { createPostgresLimiter } from './postgres-limiter.js';
import { calendarEndMs, calendarName, type LimitWindow } from './window.js';

let server: PostgresServer | undefined;
const limiters: Limiter[] = [];
const missing = privatePostgresMissing;

beforeAll(async () => {
  if (missing === undefined) server = await testPostgres('private');
});
afterAll(async () => {
  await Promise.all(limiters.map((limiter) => limiter.close()));
  await server?.dispose();
});

const minute = (requests: number): LimitWindow => ({
  name: '1m',
  requests,
  length: { kind: 'stretch', ms: 60_000 },
});
const second = (requests: number): LimitWindow => ({
  name: '1s',
  requests,
  length: { kind: 'stretch', ms: 1_000 },
});
const day = (requests: number): LimitWindow => ({
  name: 'day',
  requests,
  length: { kind: 'calendar', unit: 'day' },
});
const month = (requests: number): LimitWindow => ({
  name: 'month',
  requests,
  length: { kind: 'calendar', unit: 'month' },
});

async function open(kind: 'memory' | 'postgres', schema: string): Promise<Limiter> {
  const url = server?.url ?? '';
  if (kind === 'postgres') await (await openPostgresKeys(url, schema)).close();
  const limiter =
    kind === 'memory'
      ? await createMemoryLimiter()
      : await createPostgresLimiter(await openCountingPool(url), schema);
  limiters.push(limiter);
  return limiter;
}

describe.each(['memory', 'postgres'] as const)('a limiter in %s', (kind) => {
  const skipped = kind === 'postgres' && missing !== undefined;
  const title = skipped ? ` (skipped: ${missing})` : '';
  let limiter: Limiter;
  beforeAll(async () => {
    if (!skipped) limiter = await open(kind, 'limits_keys');
  });

  it.skipIf(skipped)(`grants exactly as many as it says, however many come at once${title}`, async () => {
    const nowMs = Date.now();
    const taken = await Promise.all(
      Array.from({ length: 60 }, () => limiter.take('crowd', [minute(25)], nowMs)),
    );
    expect(taken.filter(({ ok }) => ok)).toHaveLength(25);
    const last = await limiter.take('crowd', [minute(25)], nowMs);
    if (last.ok) throw new Error('There was nothing left.');
    expect(last.by.remaining).toBe(0);
    expect(last.by.resetMs).toBeGreaterThan(0);
    expect(last.by.resetMs).toBeLessThanOrEqual(60_000);
  });

  it.skipIf(skipped)('counts each subject for itself, and says what is left', async () => {
    const states = [];
    for (const subject of ['a', 'a', 'b']) {
      const taken = await limiter.take(subject, [minute(5)], Date.now());
      states.push(taken.states[0]?.remaining);
    }
    expect(states).toEqual([4, 3, 4]);
  });

  it.skipIf(skipped)('what a short window refuses takes nothing from a long one', async () => {
    const windows = [minute(2), day(10)];
    const nowMs = Date.now();
    const taken = [];
    for (let i = 0; i < 5; i++) taken.push(await limiter.take('both', windows, nowMs));
    expect(taken.map(({ ok }) => ok)).toEqual([true, true, false, false, false]);
    const left = await limiter.take('both', [day(10)], nowMs);
    expect(left.states[0]?.remaining).toBe(7);
  });

  it.skipIf(skipped)('a day begins anew at midnight, UTC; a month on its first', async () => {
    const evening = Date.UTC(2030, 0, 31, 23, 59, 59);
    expect((await limiter.take('cal', [day(1), month(2)], evening)).ok).toBe(true);
    const again = await limiter.take('cal', [day(1), month(2)], evening);
    if (again.ok) throw new Error('The day had nothing left.');
    expect([again.by.window.name, again.by.resetMs]).toEqual(['day', 1_000]);
    const morning = await limiter.take('cal', [day(1), month(1)], evening + 1_000);
    expect(morning.ok).toBe(true);
  });

  it.skipIf(skipped)('a month is not forgotten in its middle', async () => {
    const first = Date.UTC(2030, 2, 1);
    await limiter.take('long', [month(1)], first);
    expect((await limiter.take('long', [month(1)], first + 30 * 86_400_000)).ok).toBe(false);
  });

  it.skipIf(skipped)('grants again once the window is over', async () => {
    const take = () => limiter.take('again', [second(1)], Date.now());
    expect((await take()).ok).toBe(true);
    // As a client would: again and again, until there is more.
    const refused: number[] = [];
    for (;;) {
      const taken = await take();
      if (taken.ok) break;
      refused.push(taken.by.resetMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, taken.by.resetMs)));
    }
    for (const resetMs of refused) expect(resetMs).toBeLessThanOrEqual(1_000);
  });
});

describe('in memory', () => {
  it('so many are counted and no more: at the bound the one counted longest ago is forgotten', async () => {
    const limiter = await createMemoryLimiter({ subjectsMax: 2 });
    const take = async (subject: string) => (await limiter.take(subject, [day(1)], Date.UTC(2030, 0, 1))).ok;
    expect([await take('a'), await take('b'), await take('a')]).toEqual([true, true, false]);
    expect(await take('c')).toBe(true);
    expect([await take('a'), await take('b')]).toEqual([false, true]);
  });
});

describe('counts in a file', () => {
  const evening = Date.UTC(2030, 0, 31, 12);
  const open = async (path: string, nowMs = evening) => {
    const file = await openSqliteKeys(path);
    const limiter = await createMemoryLimiter({ keep: file.counts, now: () => nowMs });
    const take = async (subject: string, window: LimitWindow) =>
      (await limiter.take(subject, [window], nowMs)).ok;
    const close = async () => {
      await limiter.close();
      await file.close();
    };
    return { take, close };
  };

  it('outlive the process that made them; those of the calendar', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'farebox-counts-')), 'keys.db');
    const first = await open(path);
    expect([await first.take('a', month(3)), await first.take('a', month(3))]).toEqual([true, true]);
    expect([await first.take('a', minute(1)), await first.take('b', day(1))]).toEqual([true, true]);
    await first.close();
    const second = await open(path);
    expect([await second.take('a', month(3)), await second.take('a', month(3))]).toEqual([true, false]);
    expect([await second.take('b', day(1)), await second.take('a', minute(1))]).toEqual([false, true]);
    await second.close();
    const tomorrow = await open(path, evening + 86_400_000);
    expect([await tomorrow.take('b', day(1)), await tomorrow.take('a', month(3))]).toEqual([true, true]);
    await tomorrow.close();
    // What is over is not kept.
    const later = await openSqliteKeys(path);
    const kept = await later.counts.load(0);
    expect(kept.map(({ name }) => name).sort()).toEqual(['day:b@2030-02-01', 'month:a@2030-02']);
    await later.close();
    await rm(dirname(path), { recursive: true });
  });
});

it.skipIf(missing !== undefined)(
  'while PostgreSQL does not answer, each gateway counts by itself',
  async () => {
    const own = await testPostgres('private');
    try {
      await (await openPostgresKeys(own.url, 'down_keys')).close();
      const limiter = await createPostgresLimiter(await openCountingPool(own.url), 'down_keys');
      const take = async () => (await limiter.take('k', [minute(2)], Date.now())).ok;
      expect(await take()).toBe(true);
      await own.stop('crash');
      expect([await take(), await take(), await take()]).toEqual([true, true, false]);
      await limiter.close();
    } finally {
      await own.dispose();
    }
  },
);

it.each([
  ['hour', '2026-01-31T12:30:00Z', '2026-01-31T13:00:00Z', '2026-01-31T12'],
  ['day', '2026-02-28T00:00:00Z', '2026-03-01T00:00:00Z', '2026-02-28'],
  ['month', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z', '2026-12'],
  ['month', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z', '2028-02'],
] as const)('the %s of %s ends at %s and is called %s', (unit, now, end, name) => {
  expect(new Date(calendarEndMs(unit, Date.parse(now))).toISOString()).toBe(end.replace('Z', '.000Z'));
  expect(calendarName(unit, Date.parse(now))).toBe(name);
});
