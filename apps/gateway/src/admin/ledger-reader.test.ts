import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClaimRequest, type Ledger, openPostgresLedger, openSqliteLedger } from '@farebox/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql } from '../../../../packages/ledger/dist/testing/files.js';
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { createLedgerReading, type LedgerReading, questionsMax } from './ledger-reader.js';

const missing = privatePostgresMissing;
const firstMs = Date.UTC(2026, 0, 31, 23, 59);
let folder = '';
let server: PostgresServer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-reading-'));
  if (missing === undefined) server = await testPostgres('private');
});
afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true });
});

function payment(number: number, route: string): ClaimRequest {
  const nowMs = firstMs + number * 60_000;
  return {
    challengeId: hash('sha256', `challenge ${number}`, 'base64url'),
    reference: hash('sha256', `payment ${number}`, 'hex'),
    method: 'lightning',
    intent: 'charge',
    paid: { amount: BigInt(number), currency: 'sat' },
    route,
    resource: `${route}?n=${number}`,
    expiresMs: nowMs + 300_000,
    nowMs,
  };
}

/** Three payments: 1 delivered in January, 2 in February, and 3 a credit. */
async function fill(ledger: Ledger): Promise<void> {
  await ledger.deliver({ ...payment(1, 'GET /a'), nowMs: firstMs });
  await ledger.deliver(payment(2, 'GET /a'));
  await ledger.release(payment(3, 'GET /b'));
}

describe.each(['sqlite', 'postgres'] as const)('a ledger in %s, read beside its writer', (kind) => {
  const skipped = kind === 'postgres' && missing !== undefined;
  const title = skipped ? ` (skipped: ${missing})` : '';
  let ledger: Ledger | undefined;
  let reading: LedgerReading | undefined;

  beforeAll(async () => {
    if (skipped) return;
    const url = server?.url ?? '';
    const path = join(folder, 'ledger.db');
    ledger = await (kind === 'sqlite' ? openSqliteLedger({ path }) : openPostgresLedger({ url }));
    await fill(ledger);
    reading = createLedgerReading(kind === 'sqlite' ? { kind, path } : { kind, url, schema: undefined });
  });
  afterAll(async () => {
    await reading?.close();
    await ledger?.close();
  });

  it.skipIf(skipped)(`tells claims a page at a time, and one by its name${title}`, async () => {
    const page = await reading?.ask<'claims'>({ kind: 'claims', filter: {}, after: 0, claimsMax: 2 });
    expect(page?.map(({ paid }) => paid.amount)).toEqual([1n, 2n]);
    const rest = await reading?.ask<'claims'>({
      kind: 'claims',
      filter: {},
      after: page?.[1]?.seq ?? 0,
      claimsMax: 2,
    });
    expect(rest?.map(({ state }) => state)).toEqual(['released']);
    const one = await reading?.ask<'claim'>({ kind: 'claim', name: payment(3, '').reference });
    expect(one?.entries).toMatchObject([{ debit: 'received', credit: 'owed' }]);
    expect(await reading?.ask<'claim'>({ kind: 'claim', name: 'nobody' })).toBeUndefined();
  });

  it.skipIf(skipped)('sums revenue by month, in UTC', async () => {
    const rows = await reading?.ask<'revenue'>({ kind: 'revenue', filter: {}, by: 'month' });
    const told = rows?.map(({ startMs, route, payments, received, revenue, owed }) => [
      ...[new Date(startMs ?? 0).toISOString().slice(0, 7), route],
      ...[payments, received, revenue, owed],
    ]);
    expect(told).toEqual([
      ['2026-01', 'GET /a', 1, 1n, 1n, 0n],
      ['2026-02', 'GET /a', 1, 2n, 2n, 0n],
      ['2026-02', 'GET /b', 1, 3n, 0n, 3n],
    ]);
  });
});

it('a ledger that is not there is said, and read once it is', async () => {
  const path = join(folder, 'later.db');
  const reading = createLedgerReading({ kind: 'sqlite', path });
  const ask = () => reading.ask<'revenue'>({ kind: 'revenue', filter: {}, by: 'total' });
  await expect(ask()).rejects.toMatchObject({ name: 'ReaderError', code: 'ledger_unopenable' });
  const ledger = await openSqliteLedger({ path });
  await fill(ledger);
  expect(await ask()).toHaveLength(2);
  await reading.close();
  await ledger.close();
});

it('a page is read from where the one before ended', async () => {
  const path = join(folder, 'pages.db');
  const ledger = await openSqliteLedger({ path });
  await fill(ledger);
  await ledger.close();
  // Whoever reads the first claim stumbles over it.
  runSql(path, 'PRAGMA ignore_check_constraints = 1; UPDATE claim SET state = 99 WHERE seq = 1');
  const reading = createLedgerReading({ kind: 'sqlite', path });
  const ask = (after: number) => reading.ask<'claims'>({ kind: 'claims', filter: {}, after, claimsMax: 2 });
  expect((await ask(1)).map(({ seq }) => seq)).toEqual([2, 3]);
  await expect(ask(0)).rejects.toMatchObject({ code: 'ledger_corrupt' });
  await reading.close();
});

it('so many questions wait and no more; those that wait when it closes are told', async () => {
  const reading = createLedgerReading({ kind: 'sqlite', path: join(folder, 'nothing.db') });
  const ask = () => reading.ask<'claim'>({ kind: 'claim', name: 'x' }).catch((error: unknown) => error);
  const asked = Array.from({ length: questionsMax + 1 }, ask);
  expect(await asked.at(-1)).toMatchObject({ code: 'reader_busy' });
  await reading.close();
  for (const answer of await Promise.all(asked.slice(0, -1)))
    expect(answer).toMatchObject({ name: 'ReaderError' });
});
