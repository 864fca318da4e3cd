import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { patient } from '../postgres/testing/patient.js';
import { Schemas, titled } from '../postgres/testing/schemas.js';
import { until } from '../postgres/testing/until.js';
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
    return (given) => openPostgresAllowance({ url: schemas.server.url, schema, ...patient, ...given });
  });

  it('refuses while its connection is cut, and goes on with the next one', async () => {
    const schema = schemas.name();
    const terms = { purse: 'sponsor', amount: 100n, windowMs: 64_000 };
    const allowance = await openPostgresAllowance({ url: schemas.server.url, schema, ...patient, ...terms });
    await allowance.reserve('a', 60n, 0);
    // It waits for an administrator, so that the cut is in the middle of a question.
    const admin = await schemas.client();
    await admin.query('BEGIN');
    await admin.query(`LOCK TABLE "${schema}".allowance IN ACCESS EXCLUSIVE MODE`);
    const refused = allowance.remaining(0).catch((error: unknown) => error);
    // At once: the server has said that it ends the connection, and its end may not have been seen yet.
    const next = refused.then(() => allowance.remaining(0));
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`;
    await until(async () => (await schemas.server.sql(cut, [`%"${schema}".allowance%`])).length > 0);
    expect(await refused).toMatchObject({ code: 'ledger_unavailable' });
    await admin.query('ROLLBACK');
    expect(await next).toBe(40n);
    await allowance.close();
  });
});
