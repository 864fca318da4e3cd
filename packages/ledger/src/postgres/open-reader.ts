import type { LedgerReader } from '../books.js';
import { LedgerOpenError } from '../errors.js';
import { openFailed } from './faults.js';
import { readVersion } from './migrations.js';
import { connectTimeoutMsDefault, type PostgresLedgerOptions, postgresSchemaDefault } from './open.js';
import { PostgresReader } from './reader.js';
import { MIGRATIONS } from './schema.js';
import { Session } from './session.js';
import { readTarget } from './target.js';

/** How long one statement of a reader may take: some read every claim. */
const readTimeoutMs = 300_000;
/** How long whoever reads a stream may pause before its snapshot is given up. */
const readPauseMaxMs = 600_000;

/** Where a ledger is, for somebody who only reads it. */
export type PostgresReaderOptions = Pick<PostgresLedgerOptions, 'url' | 'schema' | 'connectTimeoutMs'>;

/**
 * Opens a ledger in PostgreSQL to read it beside the gateways that write it; the address of a standby will do.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema`; `ledger_foreign_file` when the schema holds another program's tables;
 * `ledger_unopenable` for all else, e.g. a server that cannot be reached, or no ledger there
 *
 * @example
 * ```ts
 * import { openPostgresReader } from '@farebox/ledger';
 *
 * const reader = await openPostgresReader({ url: 'postgres://farebox@localhost/farebox' });
 * for (const { debit, credit, count } of await reader.movements()) console.log(debit, credit, count);
 * await reader.close();
 * ```
 */
export async function openPostgresReader(options: PostgresReaderOptions): Promise<LedgerReader> {
  const { schema = postgresSchemaDefault, connectTimeoutMs = connectTimeoutMsDefault } = options;
  const target = readTarget(options.url, schema, connectTimeoutMs);
  const connect = (): Promise<Session> =>
    Session.connect(target, {
      statementTimeoutMs: readTimeoutMs,
      readsAll: true,
      readsOnly: true,
      idleInTransactionTimeoutMs: readPauseMaxMs,
    });
  try {
    const session = await connect();
    try {
      await assertThere(session, schema);
    } finally {
      await session.end();
    }
    return new PostgresReader(schema, connect);
  } catch (error) {
    throw openFailed(target.shown, error);
  }
}

async function assertThere(session: Session, schema: string): Promise<void> {
  const version = await readVersion(session, schema, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  throw new LedgerOpenError(
    'ledger_unopenable',
    version === 0
      ? `There is no ledger in the schema "${schema}"; start the gateway once, which makes it, or name another schema.`
      : `The ledger in the schema "${schema}" is of an earlier version; start the gateway once, which brings it up to date.`,
  );
}
