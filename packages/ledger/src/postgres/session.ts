import { Socket } from 'node:net';
import type { Client } from 'pg';
import { LedgerOpenError } from '../errors.js';
import type { Statement } from './statements.js';
import type { Target } from './target.js';

/** How long the network may be silent before the kernel asks whether the server is still there. */
const keepAliveDelayMs = 10_000;
/** How long a statement waits for a row or key that another gateway's transaction holds. */
export const lockTimeoutMsDefault = 2000;
/** How long a gateway that stopped in mid-transaction may hold rows that others wait for. */
const idleInTransactionTimeoutMs = 5000;
/** What the client waits beyond the server's own statement timeout before it gives the connection up. */
const answerMarginMs = 2000;
/** PostgreSQL's number for the type bigint. */
const bigintOid = 20;
/** Integers of fewer characters are exact as numbers. */
const exactDigits = 16;

/** The bounds of a connection's statements. */
export interface SessionLimits {
  /** The server ends a statement after so long. */
  readonly statementTimeoutMs: number;
  /** How long a lock is waited for. Default 2,000. */
  readonly lockTimeoutMs?: number;
  /** It reads whole tables. Otherwise it never shall. */
  readonly readsAll?: boolean;
  /** It never writes: then a standby will do, and how durable commits are is of no interest. */
  readonly readsOnly?: boolean;
  /** How long it may be idle within a transaction. Default 5,000. */
  readonly idleInTransactionTimeoutMs?: number;
}

/** What a statement answered. Rows are arrays; `bigint` columns are numbers where that is exact, `bytea` are Buffers. */
export interface Answer {
  /** The command's tag without counts: `COMMIT`, `ROLLBACK`, `SELECT`. */
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: readonly (readonly unknown[])[];
}

/**
 * One connection, checked to be durable. Statements are sent as they come, without waiting for earlier answers
 * (pipelined); answers come in order. Once lost it stays lost: every statement of it rejects.
 */
export class Session {
  readonly #client: Client;
  #lost: Error | undefined;
  #onLost: ((cause: Error) => void) | undefined;
  #warning: string | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => this.#lose(error));
    client.on('end', () => this.#lose(new Error('the connection ended')));
    client.on('notice', (notice) => {
      if (notice.severity === 'WARNING') this.#warning = notice.message;
    });
  }

  /**
   * Connects, and refuses a server that would acknowledge commits before they are on disk.
   *
   * @throws {LedgerOpenError} for such a server; else what `pg` throws
   */
  static async connect(target: Target, limits: SessionLimits): Promise<Session> {
    // Loaded only where it is used: the package also serves those who have no PostgreSQL.
    const pg = await import('pg');
    const client = new pg.Client({
      connectionString: target.url,
      application_name: 'farebox',
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
      connectionTimeoutMillis: target.connectTimeoutMs,
      query_timeout: limits.statementTimeoutMs + answerMarginMs,
    });
    client.setTypeParser(bigintOid, integerOf);
    const session = new Session(client);
    try {
      await client.connect();
      await session.#prepare(limits);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /** True while the connection is there, as far as is known. */
  get alive(): boolean {
    return this.#lost === undefined;
  }

  /** Calls back once when the connection is lost, at once if it is already. */
  onLost(callback: (cause: Error) => void): void {
    if (this.#lost === undefined) this.#onLost = callback;
    else callback(this.#lost);
  }

  /** Sends a prepared statement. */
  query(statement: Statement, values: readonly unknown[]): Promise<Answer> {
    return this.#client.query<unknown[]>({ ...statement, values: [...values], rowMode: 'array' });
  }

  /** Sends any other statement. */
  run(text: string, values: readonly unknown[] = []): Promise<Answer> {
    return this.#client.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
  }

  /** The last warning since this was last asked, e.g. that a commit is not on the standby. */
  takeWarning(): string | undefined {
    const warning = this.#warning;
    this.#warning = undefined;
    return warning;
  }

  /** Whether the connection keeps the process running. */
  hold(held: boolean): void {
    const { stream } = this.#client.connection;
    if (!(stream instanceof Socket)) return;
    if (held) stream.ref();
    else stream.unref();
  }

  /** Ends the connection in peace. */
  async end(): Promise<void> {
    this.#onLost = undefined;
    this.hold(true);
    await this.#client.end().catch(ignore);
  }

  /** Ends the connection at once: what was sent and not answered stays unknown. */
  destroy(cause?: Error): void {
    this.#client.connection.stream.destroy();
    this.#lose(cause ?? new Error('the connection was given up'));
  }

  #lose(cause: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = cause;
    this.#onLost?.(cause);
  }

  async #prepare(limits: SessionLimits): Promise<void> {
    const answer = await this.run(
      `SELECT current_setting('synchronous_commit'), current_setting('fsync', true),
        current_setting('transaction_read_only'), current_setting('server_encoding', true)`,
    );
    const [synchronousCommit, fsync, readOnly, encoding] = answer.rows[0] ?? [];
    if (limits.readsOnly !== true) assertDurable(synchronousCommit, fsync, readOnly);
    if (encoding !== 'UTF8' && encoding !== null)
      throw unfit('the database is not in UTF8. Create one that is');
    await this.#set(limits, synchronousCommit);
  }

  async #set(limits: SessionLimits, synchronousCommit: unknown): Promise<void> {
    // Said again for this session, so that a reload of the configuration cannot change it under us.
    await this.run(
      `SELECT set_config('synchronous_commit', $1, false), set_config('statement_timeout', $2, false),
        set_config('lock_timeout', $3, false), set_config('idle_in_transaction_session_timeout', $4, false),
        set_config('default_transaction_read_only', $5, false)`,
      [
        synchronousCommit,
        String(limits.statementTimeoutMs),
        String(limits.lockTimeoutMs ?? lockTimeoutMsDefault),
        String(limits.idleInTransactionTimeoutMs ?? idleInTransactionTimeoutMs),
        limits.readsOnly === true ? 'on' : 'off',
      ],
    );
    // A plan made while the table was small must not read all of it once it is large; and no plan of ours is worth being
    // compiled. Engines that do not have these settings do not need them.
    await this.run(
      `SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings
       WHERE name = 'jit' OR name = 'enable_seqscan' AND NOT $1::boolean`,
      [limits.readsAll === true],
    );
  }
}

function assertDurable(synchronousCommit: unknown, fsync: unknown, readOnly: unknown): void {
  // "remote_apply" is "on" and more. The others acknowledge what a crash of the server or its standby can take back.
  if (synchronousCommit !== 'on' && synchronousCommit !== 'remote_apply') {
    throw unfit(
      `synchronous_commit is "${String(synchronousCommit)}": commits could be lost after they were acknowledged. Set it to "on" for this user (ALTER ROLE … SET synchronous_commit = on)`,
    );
  }
  if (fsync === 'off') throw unfit('fsync is off: a crash would lose commits. Turn it on in postgresql.conf');
  if (readOnly !== 'off')
    throw unfit("it is read-only, perhaps a standby. Give the ledger the primary's address");
}

function unfit(reason: string): LedgerOpenError {
  return new LedgerOpenError('ledger_unopenable', `PostgreSQL cannot keep the ledger: ${reason}.`);
}

// A bigint is several times dearer than a number, and almost no column needs one.
function integerOf(digits: string): number | bigint {
  return digits.length < exactDigits ? Number(digits) : BigInt(digits);
}

function ignore(): void {}
