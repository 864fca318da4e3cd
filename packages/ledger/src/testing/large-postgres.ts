import { openPostgresLedger } from '../postgres/open.js';
import { stateNumber } from '../transitions.js';
import { filledUntilMs } from './fill.js';
import { type Cost, deliver } from './large-cost.js';
import { type PostgresServer, privatePostgresMissing, testPostgres } from './postgres-server.js';
import { requestOf } from './requests.js';

/** Room in the log under which a page is logged whole once an hour. */
const roomySettings = { max_wal_size: '16GB', checkpoint_timeout: '1h' } as const;
/** Rows to a statement. */
const rowsAtOnce = 1_000_000;
/** How many claims one measurement delivers. */
const pairs = 20_000;
const rounds = 3;
const statementTimeoutMs = 600_000;

interface Run {
  readonly settings: Readonly<Record<string, string>>;
  readonly costs: readonly { readonly empty: Cost; readonly large: Cost }[];
}

/** What the next claim costs beside so many used ones, as the server is set, and with room in its log. */
export async function measurePostgres(claims: number): Promise<object> {
  const server = await testPostgres();
  const schemas = { large: `farebox_large_${process.pid}`, empty: `farebox_empty_${process.pid}` };
  try {
    await fill(server, schemas.large, claims);
    const opensMs = await opens(server, schemas.large);
    const runs = [await measureRun(server, schemas)];
    // Another's server is left as it is.
    if (privatePostgresMissing === undefined) {
      for (const [name, value] of Object.entries(roomySettings))
        await server.sql(`ALTER SYSTEM SET ${name} = '${value}'`);
      await server.sql('SELECT pg_reload_conf()');
      runs.push(await measureRun(server, schemas));
    }
    return { claims, store: 'postgres', opensMs, runs };
  } finally {
    for (const schema of Object.values(schemas))
      await server.sql(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await server.dispose();
  }
}

/** Used claims, made of the first one by the server itself: with other keys, a millisecond apart. */
async function fill(server: PostgresServer, schema: string, claims: number): Promise<void> {
  const ledger = await openPostgresLedger({ url: server.url, schema });
  const first = await ledger.deliver(requestOf('the first'));
  if (first.ok) await ledger.answered(first.seq, filledUntilMs);
  await ledger.close();
  for (let from = 1; from <= claims; from += rowsAtOnce) {
    const until = Math.min(claims, from + rowsAtOnce - 1);
    await server.sql(`INSERT INTO "${schema}".claim
        (kind, state, holder, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource)
      SELECT kind, ${stateNumber('answered')}, holder, paid, 0, 0, ${filledUntilMs} + 300000, at, at + 20,
        sha256(('c' || n)::bytea), substring(reference FOR 1) || sha256(('r' || n)::bytea), resource
      FROM "${schema}".claim, generate_series(${from}, ${until}) AS n,
        LATERAL (SELECT ${filledUntilMs}::bigint - (${claims} - n) AS at) AS times
      WHERE claim.challenge = decode('${first.ok ? challengeHex() : ''}', 'hex')`);
  }
  await server.sql(`UPDATE "${schema}".movement SET count = count + ${claims}, amount = amount + ${claims}`);
  await server.sql(`ANALYZE "${schema}".claim`);
}

function challengeHex(): string {
  return Buffer.from(requestOf('the first').challengeId, 'base64url').toString('hex');
}

async function opens(server: PostgresServer, schema: string): Promise<readonly number[]> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const since = performance.now();
    const ledger = await openPostgresLedger({ url: server.url, schema });
    took.push(performance.now() - since);
    await ledger.close();
  }
  return took;
}

/**
 * In turns: what else the machine does then meets both. It begins with a checkpoint, after which the first change of a page
 * is logged whole: the first cost is the dearest, and how soon it comes again is a matter of the settings.
 */
async function measureRun(
  server: PostgresServer,
  schemas: { readonly large: string; readonly empty: string },
): Promise<Run> {
  const { url } = server;
  const large = await openPostgresLedger({ url, schema: schemas.large, statementTimeoutMs });
  const costs: { readonly empty: Cost; readonly large: Cost }[] = [];
  const walBytes = async (): Promise<number> =>
    Number((await server.sql(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')`))[0]?.[0]);
  for (let round = 0; round < rounds; round++) {
    await server.sql(`DROP SCHEMA IF EXISTS "${schemas.empty}" CASCADE`);
    const empty = await openPostgresLedger({ url, schema: schemas.empty, statementTimeoutMs });
    const beside = await deliver(empty, pairs, walBytes);
    await empty.close();
    if (round === 0) await server.sql('CHECKPOINT');
    costs.push({ empty: beside, large: await deliver(large, pairs, walBytes) });
  }
  await large.close();
  const settings: Record<string, string> = {};
  for (const name of Object.keys(roomySettings))
    settings[name] = String((await server.sql(`SHOW ${name}`))[0]?.[0]);
  return { settings, costs };
}
