import { hash } from 'node:crypto';
import { DamagedRow, whole } from '../front/rows.js';
import { LedgerUnavailable } from '../ledger.js';
import { openFailed } from '../postgres/faults.js';
import { readIdentity } from '../postgres/migrations.js';
import {
  connectTimeoutMsDefault,
  type PostgresLedgerOptions,
  postgresSchemaDefault,
  prepareSchema,
  statementTimeoutMsDefault,
} from '../postgres/open.js';
import { lockTimeoutMsDefault, Session } from '../postgres/session.js';
import { BEGIN } from '../postgres/statements.js';
import { readTarget } from '../postgres/target.js';
import { committed } from '../postgres/transaction.js';
import type { Allowance, AllowanceTerms } from './allowance.js';
import { decideConclude, decideReserve, forgottenBefore, type Item, leftOf, type Step } from './items.js';

/** Which ledger it is kept beside, and how much it is. */
export type PostgresAllowanceOptions = AllowanceTerms &
  Pick<PostgresLedgerOptions, 'url' | 'schema' | 'connectTimeoutMs' | 'statementTimeoutMs' | 'lockTimeoutMs'>;

/**
 * Opens an allowance in a ledger's PostgreSQL schema: all gateways on that ledger share it.
 *
 * @throws {LedgerOpenError}
 */
export async function openPostgresAllowance(options: PostgresAllowanceOptions): Promise<Allowance> {
  const { schema = postgresSchemaDefault, connectTimeoutMs = connectTimeoutMsDefault } = options;
  const target = readTarget(options.url, schema, connectTimeoutMs);
  const { statementTimeoutMs = statementTimeoutMsDefault, lockTimeoutMs = lockTimeoutMsDefault } = options;
  let identity: string | undefined;
  const connect = async (): Promise<Session> => {
    const session = await Session.connect(target, { statementTimeoutMs, lockTimeoutMs });
    try {
      const found = await readIdentity(session, schema);
      identity ??= found;
      if (found !== identity) throw new Error('another ledger answers at its address');
      session.hold(false);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  };
  try {
    await prepareSchema(target);
    return new PostgresAllowance(schema, options, connect, await connect());
  } catch (error) {
    throw openFailed(target.shown, error);
  }
}

class PostgresAllowance implements Allowance {
  readonly #table: string;
  readonly #lock: bigint;
  readonly #terms: AllowanceTerms;
  readonly #connect: () => Promise<Session>;
  #session: Session;
  // One transaction at a time on the one connection.
  #last: Promise<unknown> = Promise.resolve();

  constructor(schema: string, terms: AllowanceTerms, connect: () => Promise<Session>, session: Session) {
    this.#table = `"${schema}".allowance`;
    this.#lock = hash('sha256', `farebox allowance ${schema} ${terms.purse}`, 'buffer').readBigInt64BE(0);
    this.#terms = terms;
    this.#connect = connect;
    this.#session = session;
  }

  reserve(name: string, worst: bigint, nowMs: number): Promise<boolean> {
    return this.#write(nowMs, (items) => decideReserve(items, this.#terms, name, worst, nowMs));
  }

  conclude(name: string, cost: bigint, nowMs: number): Promise<void> {
    return this.#write(nowMs, (items) => decideConclude(items, this.#terms, name, cost, nowMs));
  }

  remaining(nowMs: number): Promise<bigint> {
    return this.#next(async (session) => leftOf(await this.#items(session), this.#terms, nowMs));
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#session.end();
  }

  async #items(session: Session): Promise<readonly Item[]> {
    const { rows } = await session.run(`SELECT name, at, amount::text FROM ${this.#table} WHERE purse = $1`, [
      this.#terms.purse,
    ]);
    return rows.map(([name, at, amount]) => {
      if (typeof name !== 'string' || typeof amount !== 'string')
        throw new DamagedRow('An item of the allowance cannot be read.');
      return { name, atMs: whole(at, 'time'), amount: BigInt(amount) };
    });
  }

  #write<T>(nowMs: number, decide: (items: readonly Item[]) => Step<T>): Promise<T> {
    const { purse } = this.#terms;
    return this.#next(async (session) => {
      await session.run(BEGIN);
      // Held until the commit: of two gateways the second one sees what the first has set aside.
      await session.run('SELECT pg_advisory_xact_lock($1::bigint)', [this.#lock]);
      const { answer, put, remove } = decide(await this.#items(session));
      if (remove !== undefined)
        await session.run(`DELETE FROM ${this.#table} WHERE purse = $1 AND name = $2`, [purse, remove]);
      if (put !== undefined) {
        const { name, atMs, amount } = put;
        await session.run(`DELETE FROM ${this.#table} WHERE purse = $1 AND at < $2`, [
          purse,
          forgottenBefore(this.#terms, nowMs),
        ]);
        await session.run(
          `INSERT INTO ${this.#table} (purse, name, at, amount) VALUES ($1, $2, $3, $4::numeric)
           ON CONFLICT (purse, name) DO UPDATE SET at = excluded.at, amount = excluded.amount`,
          [purse, name, atMs, String(amount)],
        );
      }
      session.takeWarning();
      await committed(session, [], session.run('COMMIT'));
      return answer;
    });
  }

  #next<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const answer = this.#last.then(async () => {
      try {
        if (!this.#session.alive) this.#session = await this.#connect();
        return await work(this.#session);
      } catch (cause) {
        // Whatever state it is in, and although its end may not have been seen yet: the next one gets another connection.
        this.#session.destroy();
        const reason = cause instanceof Error ? cause.message : 'it does not answer';
        throw new LedgerUnavailable(`What may be spent cannot be recorded (${reason}); nothing was spent.`, {
          cause,
        });
      }
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}
