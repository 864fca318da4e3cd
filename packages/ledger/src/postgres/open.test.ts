import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import { openPostgresLedger } from './open.js';
import { Schemas, titled } from './testing/schemas.js';

describe.skipIf(postgresMissing !== undefined)(titled('openPostgresLedger', postgresMissing), () => {
  let schemas: Schemas;
  let schema: string;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(() => {
    schema = schemas.name();
  });
  afterEach(() => schemas.clear());

  const sql = (text: string): Promise<unknown[][]> =>
    schemas.server.sql(text.replaceAll('$schema', `"${schema}"`));
  const refusal = (): Promise<unknown> => schemas.open({ schema }).catch((error: unknown) => error);
  // The server with one more setting for the session, as `ALTER ROLE … SET` would give it.
  const setting = (option: string): string => {
    const url = new URL(schemas.server.url);
    url.searchParams.set('options', `-c ${option}`);
    return url.href;
  };

  it('finds again what it was told', async () => {
    const reference = 'a reference that is no hash';
    const first = await schemas.open({ schema });
    await first.deliver(requestOf(1));
    await first.deliver(requestOf(2, 2, { reference, route: 'GET /other' }));
    const credit = await first.release(requestOf(3));
    await first.close();
    const second = await schemas.open({ schema });
    expect(await second.deliver(requestOf(1))).toMatchObject({ ok: false, by: 'challenge' });
    expect(await second.deliver(requestOf(9, 1))).toMatchObject({ ok: false, by: 'reference' });
    expect(await second.deliver(requestOf(9, 9, { reference }))).toMatchObject({
      by: 'reference',
      claim: { route: 'GET /other', reference },
    });
    expect(await second.deliver(requestOf(3))).toEqual(credit);
    expect(await sql('SELECT count(*)::int FROM $schema.kind')).toEqual([[2]]);
  });

  it('many at once on an empty database: one makes the schema, all of them open', async () => {
    const ledgers = await Promise.all(Array.from({ length: 8 }, () => schemas.open({ schema })));
    const results = await Promise.all(ledgers.map((ledger) => ledger.deliver(requestOf(1))));
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(await sql('SELECT version, name FROM $schema.farebox_migration')).toEqual([
      [1, 'claims'],
      [2, 'rates and allowances'],
    ]);
  });

  it('uses a schema that an administrator has made', async () => {
    await sql('CREATE SCHEMA $schema');
    const ledger = await schemas.open({ schema });
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
  });

  it('brings a ledger of the first schema up to date, with all that is in it', async () => {
    const before = await schemas.open({ schema });
    await before.release(requestOf(1));
    await before.close();
    await sql('ALTER TABLE $schema.claim DROP COLUMN rate');
    await sql('DROP TABLE $schema.allowance');
    await sql('DELETE FROM $schema.farebox_migration WHERE version = 2');
    const rate = { price: '0.002', currency: 'USD', rate: '65000', unit: 'BTC', asOfMs: 5 };
    const after = await schemas.open({ schema });
    expect(await after.find(requestOf(1).challengeId)).toMatchObject({ state: 'released' });
    expect(await after.deliver(requestOf(2, 1))).toMatchObject({ ok: false, by: 'reference' });
    expect(await after.deliver(requestOf(2, 2, { rate }))).toMatchObject({ ok: true });
    expect((await after.find(requestOf(2).challengeId))?.rate).toEqual(rate);
  });

  it('refuses a newer schema and leaves it alone', async () => {
    await (await schemas.open({ schema })).close();
    await sql(`INSERT INTO $schema.farebox_migration (version, name, ledger) VALUES (99, 'later', '')`);
    const error = await refusal();
    expect(error).toMatchObject({ name: 'LedgerOpenError', code: 'ledger_newer_schema' });
    expect(String(error)).toContain('run that version or a later one');
    expect(await sql('SELECT max(version) FROM $schema.farebox_migration')).toEqual([[99]]);
  });

  it("refuses another program's schema and leaves it alone", async () => {
    await sql('CREATE SCHEMA $schema');
    await sql('CREATE TABLE $schema.claim (mine text)');
    expect(await refusal()).toMatchObject({ code: 'ledger_foreign_file' });
    expect(await sql(`SELECT count(*)::int FROM pg_tables WHERE schemaname = '${schema}'`)).toEqual([[1]]);
  });

  it.each(['challenge', 'reference'])('refuses a ledger without its unique index on %s', async (column) => {
    await (await schemas.open({ schema })).close();
    await sql(`DROP INDEX $schema.claim_${column}`);
    expect(await refusal()).toMatchObject({ code: 'ledger_corrupt' });
    await sql(`CREATE INDEX claim_${column} ON $schema.claim (${column})`);
    expect(await refusal()).toMatchObject({ code: 'ledger_corrupt' });
  });

  it.each(['off', 'local', 'remote_write'])('refuses synchronous_commit = %s', async (value) => {
    const url = setting(`synchronous_commit=${value}`);
    const error = await openPostgresLedger({ url, schema }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ledger_unopenable' });
    expect(String(error)).toContain('synchronous_commit');
    expect(await sql(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([]);
  });

  it('accepts synchronous_commit = remote_apply, which is more', async () => {
    const ledger = await schemas.open({ url: setting('synchronous_commit=remote_apply'), schema });
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
  });

  it('refuses a server that is read-only', async () => {
    const url = setting('default_transaction_read_only=on');
    await expect(openPostgresLedger({ url, schema })).rejects.toMatchObject({ code: 'ledger_unopenable' });
  });

  it('gives up on a server that does not answer', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const url = `postgres://farebox:hunter2@127.0.0.1:${port}/none`;
    const error = await openPostgresLedger({ url, connectTimeoutMs: 50 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ledger_unopenable' });
    expect(String(error)).toContain(`127.0.0.1:${port}/none`);
    silent.close();
  });
});

describe('the URL of a ledger', () => {
  const everything = (error: unknown): string =>
    error instanceof Error
      ? [error.name, error.message, error.stack, JSON.stringify(error), everything(error.cause)].join(' ')
      : String(error);

  it.each([
    'postgres://farebox:hunter2@127.0.0.1:1/farebox',
    'postgres://farebox:hun/ter2@127.0.0.1:1/farebox',
    'postgres://farebox:12/hunter2@127.0.0.1:1/farebox',
    'postgres://farebox:12?hunter2@127.0.0.1:1/farebox',
    'postgres://farebox:12#hunter2@127.0.0.1:1/farebox',
    'mysql://farebox:hunter2@127.0.0.1:1/farebox',
    'postgres://farebox:hunter2@127.0.0.1:99999/farebox',
    'hunter2',
  ])('%s: is refused without its password', async (url) => {
    const error = await openPostgresLedger({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'LedgerOpenError', code: 'ledger_unopenable', retry: 'safe' });
    expect(everything(error)).not.toMatch(/hunter|ter2/);
  });

  it.each(['', 'pg_farebox', 'Farebox', 'a"; DROP TABLE x', 'x'.repeat(64)])(
    'refuses the schema %j',
    async (schema) => {
      const error = await openPostgresLedger({ url: 'postgres://127.0.0.1:1/x', schema }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'ledger_unopenable' });
      expect(String(error)).toContain('lower-case letters');
    },
  );
});
