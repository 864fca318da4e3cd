import type { Applied, Field } from '../front/messages.js';
import { isEnter, type Operation, operationsOf } from '../front/operations.js';
import { whole } from '../front/rows.js';
import { endsConnection, isTransient } from './faults.js';
import { Vanished } from './held.js';
import type { Holder } from './holder.js';
import { MustFence } from './holds.js';
import { Kinds } from './kinds.js';
import type { Session } from './session.js';
import { fenceText, numbersArray, type Statements } from './statements.js';
import { applyOnce, LockOrder, type Terms } from './transaction.js';

/** How often a batch is tried. Each try but the last ended in a rollback that PostgreSQL itself reported. */
export const attemptsMax = 8;
/** Longest wait before another try; a random part of it, so that two gateways do not meet again. */
const retryDelayMaxMs = 20;

/** Applies batches, each in one transaction, and tries again those that PostgreSQL rolled back for another's sake. */
export class Store {
  readonly #fence: string;
  readonly #statements: Statements;
  readonly #holder: Holder;
  readonly #kinds: Kinds;
  #retries = 0;

  /** The schema's name must have been checked. */
  constructor(schema: string, statements: Statements, holder: Holder) {
    this.#fence = fenceText(schema);
    this.#statements = statements;
    this.#holder = holder;
    this.#kinds = new Kinds(schema);
  }

  /** How often a batch was begun anew. */
  get retries(): number {
    return this.#retries;
  }

  /** Learns the caller's numbers for kinds. */
  learn(kinds: readonly Field[]): void {
    this.#kinds.learn(kinds);
  }

  /**
   * Applies a batch. When it resolves, every change is on disk; when it rejects, nobody may be told of any. Nothing is
   * tried again unless it is certain that it was rolled back: a COMMIT without an answer is never repeated.
   */
  async apply(session: Session, fields: readonly Field[]): Promise<Applied> {
    const operations = operationsOf(fields);
    const kinds = new Set<number>();
    for (const operation of operations) if (isEnter(operation)) kinds.add(operation.kind);
    let alsoLock: readonly number[] = [];
    const spared = new Set<number>();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#kinds.store(session, kinds);
        return await this.#once(session, operations, alsoLock, spared);
      } catch (error) {
        await rollBack(session, error);
        const again = isTransient(error) || isOurs(error);
        if (!again || attempt === attemptsMax || !session.alive) throw error;
        this.#retries++;
        if (error instanceof LockOrder) alsoLock = [...alsoLock, ...error.seqs];
        else if (error instanceof MustFence) await this.#fenceAll(session, error.holders, spared);
        else await pause(Math.random() * retryDelayMaxMs);
      }
    }
  }

  async #once(
    session: Session,
    operations: readonly Operation[],
    alsoLock: readonly number[],
    spared: ReadonlySet<number>,
  ): Promise<Applied> {
    const holder = await this.#holder.id(session);
    const guard = this.#holder.guard(holder);
    const sentMs = performance.now();
    const terms: Terms = {
      statements: this.#statements,
      kinds: this.#kinds,
      holder,
      guard,
      guarded: (answer) => this.#holder.guarded(holder, answer),
      alsoLock,
      spared,
    };
    const applied = await applyOnce(session, terms, operations);
    if (guard.renews && applied.renewed) this.#holder.renewed(sentMs);
    return applied;
  }

  // A transaction of its own, while this connection holds nothing. Only who lives may say that another is dead: or two
  // whose leases have run out, after an outage of the database, could fence each other.
  async #fenceAll(session: Session, holders: readonly number[], spared: Set<number>): Promise<void> {
    await this.#holder.renew(session);
    const { rows } = await session.run(this.#fence, [numbersArray(holders)]);
    const fenced = new Set(rows.map(([id]) => whole(id, 'holder')));
    // Somebody has its row: itself, committing, or another who is fencing it. What became of it is read again.
    for (const id of holders) if (!fenced.has(id)) spared.add(id);
  }
}

function isOurs(error: unknown): boolean {
  return error instanceof LockOrder || error instanceof Vanished || error instanceof MustFence;
}

// A connection whose transaction cannot be ended is good for nothing more.
async function rollBack(session: Session, error: unknown): Promise<void> {
  if (!session.alive) return;
  if (endsConnection(error)) {
    session.destroy(error instanceof Error ? error : undefined);
    return;
  }
  try {
    await session.run('ROLLBACK');
  } catch (cause) {
    session.destroy(cause instanceof Error ? cause : undefined);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
