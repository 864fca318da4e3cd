import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Schemas, titled } from '../postgres/testing/schemas.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { openPostgresAllowance } from './postgres.js';
import { allowanceConforms } from './testing/conformance.js';

describe.skipIf(postgresMissing !== undefined)(titled('an allowance in PostgreSQL', postgresMissing), () => {
  let schemas: Schemas;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  afterEach(() => schemas.clear());

  allowanceConforms(() => {
    const schema = schemas.name();
    return (given) => openPostgresAllowance({ url: schemas.server.url, schema, ...given });
  });

  it('refuses while its connection is cut, and goes on with the next one', async () => {
    const schema = schemas.name();
    const terms = { purse: 'sponsor', amount: 100n, windowMs: 64_000 };
    const allowance = await openPostgresAllowance({ url: schemas.server.url, schema, ...terms });
    await allowance.reserve('a', 60n, 0);
    await allowance.remaining(0);
    await schemas.server.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE $1`,
      [`%"${schema}".allowance%`],
    );
    // The end of the connection may be seen before the next question or by it.
    const asked = await allowance.remaining(0).catch((error: unknown) => error);
    if (asked !== 40n) expect(asked).toMatchObject({ code: 'ledger_unavailable' });
    expect(await allowance.remaining(0)).toBe(40n);
    await allowance.close();
  });
});
