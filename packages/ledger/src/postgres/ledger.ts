import { LedgerMisuse } from '../errors.js';
import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimTotal,
  type Ledger,
  LedgerUnavailable,
} from '../ledger.js';
import {
  isChallengeId,
  isTime,
  keptResource,
  keyOutOfBounds,
  requestOutOfBounds,
} from '../request-bounds.js';
import { Batch } from '../sqlite/batch.js';
import { KindNumbers } from '../sqlite/kind-numbers.js';
import { type LedgerStats, pendingOpsMax } from '../sqlite/ledger.js';
import { Op, type OpCode } from '../sqlite/messages.js';
import { batchFailed, disconnected } from './faults.js';
import { Link } from './link.js';
import type { Session } from './session.js';
import { Store } from './store.js';

/** Most operations in one transaction: bounds what it locks and how long the first of them waits for the last. */
export const postgresBatchOpsMax = 1024;

/** What a ledger has done since it was opened. */
export interface PostgresLedgerStats extends LedgerStats {
  /** Transactions begun anew, because another gateway's stood in their way. */
  readonly retries: number;
  /** Lost connections that were replaced. */
  readonly reconnects: number;
}

/** @internal What `openPostgresLedger` gives. */
export interface PostgresLedgerParts {
  readonly session: Session;
  readonly schema: string;
  readonly reconnectDelayMaxMs: number;
  readonly connect: () => Promise<Session>;
  readonly totals: () => Promise<readonly ClaimTotal[]>;
}

/**
 * A ledger in PostgreSQL, which many gateways may share; see `openPostgresLedger`. Each writes on one connection.
 * Operations of one turn of the event loop, and all that arrive while a transaction is under way, share the next one.
 *
 * While the connection is lost everything is refused at once. What was under way then is refused too, even if it may
 * have been committed: the same credential finds the truth later.
 */
export class PostgresLedger implements Ledger {
  readonly #link: Link;
  readonly #store: Store;
  readonly #readTotals: PostgresLedgerParts['totals'];
  readonly #kinds = new KindNumbers();
  #gathering = new Batch();
  // Full batches that wait behind the one under way; empty unless more than a batch holds arrived meanwhile.
  #full: Batch[] = [];
  #underWay: Batch | undefined;
  #scheduled = false;
  #pendingOps = 0;
  #commits = 0;
  #operations = 0;
  // One at a time, each on a connection of its own.
  #totals: Promise<unknown> = Promise.resolve();
  #closing: { readonly done: Promise<void>; readonly resolve: () => void } | undefined;

  /** @internal */
  constructor(parts: PostgresLedgerParts) {
    this.#store = new Store(parts.schema);
    this.#readTotals = parts.totals;
    this.#link = new Link(parts.session, {
      connect: parts.connect,
      reconnectDelayMaxMs: parts.reconnectDelayMaxMs,
      onDown: (cause) => this.#onDown(cause),
    });
  }

  /** What has been done since the ledger was opened; syncs per operation = commits ÷ operations. */
  get stats(): PostgresLedgerStats {
    const { retries } = this.#store;
    const { reconnects } = this.#link;
    return { commits: this.#commits, operations: this.#operations, retries, reconnects };
  }

  claim(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter(Op.claim, request);
  }

  deliver(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter(Op.deliver, request);
  }

  release(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter(Op.release, request);
  }

  settle(seq: number, nowMs: number): Promise<void> {
    const refusal = this.#refusal() ?? misnumbered(seq, nowMs);
    return refusal === undefined ? this.#batch().advance(Op.settle, seq, nowMs) : Promise.reject(refusal);
  }

  answered(seq: number, nowMs: number): Promise<void> {
    const refusal = this.#refusal() ?? misnumbered(seq, nowMs);
    const done =
      refusal === undefined ? this.#batch().advance(Op.answered, seq, nowMs) : Promise.reject(refusal);
    // Callers need not await it. What is lost with it is only the mark: the answer could then be had again.
    done.catch(ignore);
    return done;
  }

  redeliver(seq: number, redeliveriesMax: number, nowMs: number, idempotencyKey?: string): Promise<boolean> {
    // What is not a number would be below every bound.
    const reason = Number.isSafeInteger(redeliveriesMax)
      ? keyOutOfBounds(idempotencyKey)
      : 'redeliveriesMax is no number';
    const misuse = reason === undefined ? undefined : invalid(reason);
    const refusal = this.#refusal() ?? misnumbered(seq, nowMs) ?? misuse;
    return refusal === undefined
      ? this.#batch().redeliver(seq, redeliveriesMax, nowMs, idempotencyKey ?? '')
      : Promise.reject(refusal);
  }

  find(challengeId: string): Promise<Claim | undefined> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return isChallengeId(challengeId) ? this.#batch().find(challengeId) : Promise.resolve(undefined);
  }

  totals(): Promise<readonly ClaimTotal[]> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const read = this.#totals.then(async () => {
      try {
        return await this.#readTotals();
      } catch (error) {
        throw batchFailed(error);
      }
    });
    this.#pendingOps++;
    this.#totals = read.then(ignore, ignore).then(() => {
      this.#pendingOps--;
      this.#operations++;
    });
    return read;
  }

  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    let resolve = ignore;
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#closing = { done, resolve };
    this.#schedule();
    return done;
  }

  #enter(op: OpCode, request: ClaimRequest): Promise<ClaimResult> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const reason = requestOutOfBounds(request);
    const kind = reason ?? this.#kinds.of(request);
    if (typeof kind === 'string') return Promise.reject(invalid(kind));
    return this.#batch().enter(op, kind, request, keptResource(request.resource));
  }

  #refusal(): LedgerUnavailable | undefined {
    if (this.#closing !== undefined) return new LedgerUnavailable('The ledger is closed; open it again.');
    if (this.#link.session === undefined) return disconnected(this.#link.down);
    if (this.#pendingOps < pendingOpsMax) return undefined;
    return new LedgerUnavailable(
      `The ledger has ${pendingOpsMax} operations waiting for PostgreSQL; try again later.`,
    );
  }

  // The batch that the next operation joins.
  #batch(): Batch {
    if (this.#gathering.count >= postgresBatchOpsMax) {
      this.#full.push(this.#gathering);
      this.#gathering = new Batch();
    }
    this.#pendingOps++;
    if (this.#underWay === undefined) this.#schedule();
    return this.#gathering;
  }

  // At the end of this turn of the event loop, so that everything read from sockets in it shares the transaction.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#post();
    });
  }

  #post(): void {
    if (this.#underWay !== undefined) return;
    const { session } = this.#link;
    let batch = this.#full.shift();
    if (batch === undefined && this.#gathering.count > 0) {
      batch = this.#gathering;
      this.#gathering = new Batch();
    }
    if (batch !== undefined && session !== undefined) {
      this.#underWay = batch;
      session.hold(true);
      this.#store.learn(this.#kinds.takeFresh());
      void this.#apply(batch, session);
    } else if (this.#closing !== undefined) {
      const { resolve } = this.#closing;
      void this.#totals.then(() => this.#link.close()).then(resolve, resolve);
    } else {
      session?.hold(false);
    }
  }

  async #apply(batch: Batch, session: Session): Promise<void> {
    try {
      const { outcomes, committed } = await this.#store.apply(session, batch.fields);
      if (!this.#finish(batch)) return;
      this.#operations += batch.count;
      if (committed) this.#commits++;
      batch.settle(outcomes);
    } catch (error) {
      if (this.#finish(batch)) batch.fail(batchFailed(error));
    }
  }

  // False when the connection was lost meanwhile, and the batch with it: then everybody has been told so.
  #finish(batch: Batch): boolean {
    if (this.#underWay !== batch) return false;
    this.#underWay = undefined;
    this.#pendingOps -= batch.count;
    // Those who are answered now may have more to ask in this same turn. #post() lets go when there was nothing.
    this.#schedule();
    return true;
  }

  // Nothing waits for a server that may not come back: whoever asked can ask again.
  #onDown(cause: Error): void {
    const lost = disconnected(cause);
    for (const batch of [this.#underWay, ...this.#full, this.#gathering]) {
      if (batch === undefined) continue;
      this.#pendingOps -= batch.count;
      batch.fail(lost);
    }
    this.#underWay = undefined;
    this.#full = [];
    this.#gathering = new Batch();
    if (this.#closing !== undefined) this.#schedule();
  }
}

function misnumbered(seq: number, nowMs: number): LedgerMisuse | undefined {
  if (!Number.isSafeInteger(seq) || seq < 1) return invalid('seq is not a whole number from 1');
  return isTime(nowMs) ? undefined : invalid('nowMs is not whole milliseconds since the epoch');
}

function invalid(reason: string): LedgerMisuse {
  return new LedgerMisuse('ledger_request_invalid', `The ledger refused: ${reason}.`);
}

function ignore(): void {}
