import type { Field } from '../sqlite/messages.js';
import { endsConnection, isTransient } from './faults.js';
import { Kinds } from './kinds.js';
import { isEnter, operationsOf } from './operations.js';
import type { Session } from './session.js';
import { type Statements, statementsFor } from './statements.js';
import { type Applied, applyOnce, LockOrder } from './transaction.js';
import { Vanished } from './view.js';

/** How often a batch is tried. Each try but the last ended in a rollback that PostgreSQL itself reported. */
export const attemptsMax = 8;
/** Longest wait before another try; a random part of it, so that two gateways do not meet again. */
const retryDelayMaxMs = 20;

/** Applies batches, each in one transaction, and tries again those that PostgreSQL rolled back for another's sake. */
export class Store {
  readonly #statements: Statements;
  readonly #kinds: Kinds;
  #retries = 0;

  /** The schema's name must have been checked. */
  constructor(schema: string) {
    this.#statements = statementsFor(schema);
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
    const books = { statements: this.#statements, kinds: this.#kinds };
    let alsoLock: readonly number[] = [];
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#kinds.store(session, kinds);
        return await applyOnce(session, books, operations, alsoLock);
      } catch (error) {
        await rollBack(session, error);
        const again = isTransient(error) || error instanceof LockOrder || error instanceof Vanished;
        if (!again || attempt === attemptsMax || !session.alive) throw error;
        if (error instanceof LockOrder) alsoLock = [...alsoLock, ...error.seqs];
        this.#retries++;
        if (!(error instanceof LockOrder)) await pause(Math.random() * retryDelayMaxMs);
      }
    }
  }
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
