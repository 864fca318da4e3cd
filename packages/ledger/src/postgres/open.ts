export type { PostgresLedger, PostgresLedgerStats } from './ledger.js';

import { LedgerOpenError } from '../errors.js';
import { opsMaxOf } from '../front/queue.js';
import { openFailed } from './faults.js';
import { Holder } from './holder.js';
import { PostgresLedger } from './ledger.js';
import { migrate, readIdentity } from './migrations.js';
import { lockTimeoutMsDefault, Session } from './session.js';
import { statementsFor } from './statements.js';
import { Store } from './store.js';
import { Sweeper } from './sweep.js';
import { readTarget, type Target } from './target.js';
import { readTotals } from './totals.js';

/** Where a ledger is, and its bounds. */
export interface PostgresLedgerOptions {
  /**
   * `postgres://user:password@host:5432/database`, as libpq understands it, with `?sslmode=verify-full` for TLS. Give the
   * address of the primary itself: not of a pooler that shares connections between transactions. Never shown in errors.
   */
  readonly url: string;
  /** The PostgreSQL schema that holds the ledger, created if missing. Default `farebox`. */
  readonly schema?: string;
  /** How long one attempt to connect may take. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long one statement may take; what takes longer is refused. Default 5,000. A commit that hangs is given up two
   * seconds later, with its connection.
   */
  readonly statementTimeoutMs?: number;
  /** How long a statement waits for a row or key that another gateway's transaction holds. Default 2,000. */
  readonly lockTimeoutMs?: number;
  /** Most operations in one transaction, at most 1,024 (the default). 1 turns group commit off, for comparison. */
  readonly batchOpsMax?: number;
  /** Longest wait between two attempts to reconnect. Default 5,000. */
  readonly reconnectDelayMaxMs?: number;
  /**
   * How long a gateway that has stopped, or lost the database, keeps what it works on; then others may take it over. It is
   * renewed every third of it. From 300 to 3,600,000, default 15,000.
   */
  readonly leaseMs?: number;
}

/** See {@link PostgresLedgerOptions.schema}. */
export const postgresSchemaDefault = 'farebox';
/** See {@link PostgresLedgerOptions.connectTimeoutMs}. */
export const connectTimeoutMsDefault = 5000;
/** See {@link PostgresLedgerOptions.statementTimeoutMs}. */
export const statementTimeoutMsDefault = 5000;
/** See {@link PostgresLedgerOptions.reconnectDelayMaxMs}. */
export const reconnectDelayMaxMsDefault = 5000;
/** See {@link PostgresLedgerOptions.leaseMs}. */
export const leaseMsDefault = 15_000;
/** Shortest lease: below it, ordinary delays would cost a gateway what it works on. */
const leaseMsMin = 300;
/** Longest lease. */
const leaseMsMax = 3_600_000;
/** How long the schema may take to be brought up to date, or to be waited for while another gateway does it. */
const migrateTimeoutMs = 60_000;

/**
 * Opens the ledger in a PostgreSQL schema, for any number of gateways at once. Refuses a server that acknowledges commits
 * before they are on disk (`synchronous_commit`, `fsync`).
 *
 * @throws {LedgerOpenError} `ledger_newer_schema`; `ledger_foreign_file` when the schema holds another program's tables;
 * `ledger_locked` when another gateway is still bringing it up to date; `ledger_corrupt` when a unique index is missing;
 * `ledger_unopenable` for all else, e.g. a server that cannot be reached
 *
 * @example
 * ```ts
 * import { openPostgresLedger } from '@farebox/ledger';
 *
 * const ledger = await openPostgresLedger({ url: 'postgres://farebox@localhost/farebox' });
 * console.log(await ledger.totals());
 * await ledger.close();
 * ```
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<PostgresLedger> {
  const { schema = postgresSchemaDefault, connectTimeoutMs = connectTimeoutMsDefault } = options;
  const target = readTarget(options.url, schema, connectTimeoutMs);
  const { statementTimeoutMs = statementTimeoutMsDefault, lockTimeoutMs = lockTimeoutMsDefault } = options;
  const opsMax = opsMaxOf(options.batchOpsMax);
  const leaseMs = readLease(options.leaseMs ?? leaseMsDefault);
  let identity: string | undefined;
  const connect = async (): Promise<Session> => {
    const session = await Session.connect(target, { statementTimeoutMs, lockTimeoutMs });
    try {
      const found = await readIdentity(session, schema);
      identity ??= found;
      if (found === identity) return session;
      throw new Error('another ledger answers at its address; restart Farebox if that is meant');
    } catch (error) {
      session.destroy();
      throw error;
    }
  };
  try {
    await prepareSchema(target);
    const session = await connect();
    const statements = statementsFor(schema);
    const holder = new Holder(schema, statements, leaseMs);
    await enlist(holder, session);
    return new PostgresLedger(
      {
        session,
        holder,
        store: new Store(schema, statements, holder),
        sweeper: new Sweeper(schema, statements),
        connect,
        reconnectDelayMaxMs: options.reconnectDelayMaxMs ?? reconnectDelayMaxMsDefault,
        totals: () => readTotals(target),
      },
      opsMax,
    );
  } catch (error) {
    throw openFailed(target.shown, error);
  }
}

/** Brings the schema of a ledger up to date. @throws {LedgerOpenError} */
export async function prepareSchema(target: Target): Promise<void> {
  const limits = { statementTimeoutMs: migrateTimeoutMs, lockTimeoutMs: migrateTimeoutMs, readsAll: true };
  const session = await Session.connect(target, limits);
  try {
    await migrate(session, target.schema);
  } finally {
    await session.end();
  }
}

async function enlist(holder: Holder, session: Session): Promise<void> {
  try {
    await holder.id(session);
  } catch (error) {
    session.destroy();
    throw error;
  }
}

function readLease(leaseMs: number): number {
  if (Number.isInteger(leaseMs) && leaseMs >= leaseMsMin && leaseMs <= leaseMsMax) return leaseMs;
  throw new LedgerOpenError(
    'ledger_unopenable',
    `The ledger's lease must be ${leaseMsMin} to ${leaseMsMax} whole milliseconds.`,
  );
}
