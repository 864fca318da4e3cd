import { randomInt } from 'node:crypto';
import { LedgerUnavailable } from '../ledger.js';
import type { Answer, Session } from './session.js';
import { renewText, type Statement, type Statements } from './statements.js';

/** A lease is renewed when this part of it is over. */
const renewedEachPart = 3;

/** Ids are below it: as far as `randomInt` goes. */
const holderIdMax = 2 ** 48 - 1;

/** This handle was taken for dead: what it held may have been taken over. It goes on as a new holder. */
export class Fenced extends LedgerUnavailable {
  constructor() {
    super(
      'This gateway was taken for dead, because its lease on the ledger had run out and another needed what it held; the same credential finds the truth.',
    );
  }
}

/** How a batch takes its holder: the statement and its values. */
export interface Guard {
  readonly statement: Statement;
  readonly values: readonly unknown[];
  readonly renews: boolean;
}

/**
 * This handle as a holder of claims. Every transaction that writes begins with {@link guard}, and none of them commits once
 * another gateway has fenced this holder; then it becomes a new one. All by the clock of the database: the one of this
 * process only decides when to renew, on which nothing rests.
 */
export class Holder {
  readonly #schema: string;
  readonly #statements: Pick<Statements, 'guard' | 'renew'>;
  readonly #leaseMs: number;
  #id: number | undefined;
  #renewedMs = 0;
  #enlisting: Promise<number> | undefined;

  /** The schema's name must have been checked. */
  constructor(schema: string, statements: Pick<Statements, 'guard' | 'renew'>, leaseMs: number) {
    this.#schema = schema;
    this.#statements = statements;
    this.#leaseMs = leaseMs;
  }

  /** How often it should be looked whether the lease is {@link due}. */
  get lookEachMs(): number {
    return this.#leaseMs / (2 * renewedEachPart);
  }

  /** True when the lease should be renewed. */
  get due(): boolean {
    return this.#id === undefined || performance.now() - this.#renewedMs >= this.#leaseMs / renewedEachPart;
  }

  /** The holder's id, registered now if there is none. Not within a transaction. */
  async id(session: Session): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    // A batch and a heartbeat may ask at once.
    this.#enlisting ??= this.#enlist(session).finally(() => {
      this.#enlisting = undefined;
    });
    return await this.#enlisting;
  }

  async #enlist(session: Session): Promise<number> {
    const sentMs = performance.now();
    const id = randomInt(1, holderIdMax);
    await session.run(
      `INSERT INTO "${this.#schema}".holder (id, lease_until, fenced)
       VALUES ($1, clock_timestamp() + $2::integer * interval '1 millisecond', false)`,
      [id, this.#leaseMs],
    );
    this.#renewedMs = sentMs;
    this.#id = id;
    return id;
  }

  /** How the next batch takes the holder `id`: with a renewal when that is due. */
  guard(id: number): Guard {
    return this.due
      ? { statement: this.#statements.renew, values: [id, this.#leaseMs], renews: true }
      : { statement: this.#statements.guard, values: [id], renews: false };
  }

  /**
   * What the guard of a batch answered.
   *
   * @throws {Fenced}
   */
  guarded(id: number, answer: Answer): void {
    if (answer.rows.length === 1) return;
    if (this.#id === id) this.#id = undefined;
    throw new Fenced();
  }

  /** A batch whose guard renewed was committed; its guard was sent at this moment of `performance.now()`. */
  renewed(sentMs: number): void {
    this.#renewedMs = sentMs;
  }

  /**
   * Renews the lease on its own, while there is no batch to ride on.
   *
   * @throws {Fenced}
   */
  async renew(session: Session): Promise<void> {
    const id = await this.id(session);
    const sentMs = performance.now();
    this.guarded(id, await session.run(renewText(this.#schema), [id, this.#leaseMs]));
    this.#renewedMs = sentMs;
  }

  /** It does nothing any more: what it held may be taken over at once. */
  async leave(session: Session): Promise<void> {
    const id = this.#id;
    this.#id = undefined;
    if (id === undefined) return;
    await session.run(`UPDATE "${this.#schema}".holder SET fenced = true WHERE id = $1`, [id]);
  }
}
