import type { Worker } from 'node:worker_threads';
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
import { Batch } from './batch.js';
import { KindNumbers } from './kind-numbers.js';
import { errorOfFault, type Fault, Op, type OpCode, type Reply, type Request } from './messages.js';

/** Most operations in one transaction: bounds how long the first of them waits for the last. */
export const batchOpsMax = 1024;
/** Most operations waiting; beyond it they are refused at once rather than piling up behind a disk that hangs. */
export const pendingOpsMax = 65_536;

/** What a ledger has done since it was opened. */
export interface LedgerStats {
  /** Transactions made durable, each with one sync of the disk. */
  readonly commits: number;
  /** Operations answered after their batch was applied, reads and refusals included. */
  readonly operations: number;
}

/**
 * The ledger in one SQLite file; see `openSqliteLedger`. It lives in a thread of its own. Operations of one turn of
 * the event loop, and all that arrive while a transaction is under way, share the next transaction.
 */
export class SqliteLedger implements Ledger {
  readonly #worker: Worker;
  readonly #kinds = new KindNumbers();
  #gathering = new Batch();
  // Full batches that wait behind the one under way; empty unless more than batchOpsMax operations arrived meanwhile.
  #full: Batch[] = [];
  #underWay: Batch | undefined;
  #scheduled = false;
  #pendingOps = 0;
  #commits = 0;
  #operations = 0;
  #dead: LedgerUnavailable | undefined;
  readonly #patienceMs: number;
  #patience: NodeJS.Timeout | undefined;
  /** The batch under way was given up: nothing is asked until the thread has answered it. */
  #stalled: LedgerUnavailable | undefined;
  #closing: { readonly done: Promise<void>; readonly resolve: () => void } | undefined;

  /** @internal The worker has just said that it is open. */
  constructor(worker: Worker, patienceMs: number) {
    this.#worker = worker;
    this.#patienceMs = patienceMs;
    worker.on('message', (reply: Reply) => this.#onReply(reply));
    worker.on('error', (error) => this.#onDeath(error));
    worker.on('messageerror', (error) => this.#onDeath(error));
    worker.on('exit', () => this.#onExit());
    // An idle ledger does not keep the process running; one that owes an answer does (#post).
    worker.unref();
  }

  /** What has been done since the ledger was opened; syncs per operation = commits ÷ operations. */
  get stats(): LedgerStats {
    return { commits: this.#commits, operations: this.#operations };
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
    return refusal === undefined ? this.#batch().totals() : Promise.reject(refusal);
  }

  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    let resolve = ignore;
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#closing = { done, resolve };
    if (this.#dead === undefined) this.#schedule();
    else resolve();
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
    if (this.#dead !== undefined) return this.#dead;
    if (this.#stalled !== undefined) return this.#stalled;
    if (this.#closing !== undefined) return new LedgerUnavailable('The ledger is closed; open it again.');
    if (this.#pendingOps < pendingOpsMax) return undefined;
    return new LedgerUnavailable(
      `The ledger has ${pendingOpsMax} operations waiting for its disk; try again later.`,
    );
  }

  // The batch that the next operation joins.
  #batch(): Batch {
    if (this.#gathering.count >= batchOpsMax) {
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
    if (this.#underWay !== undefined || this.#dead !== undefined) return;
    let batch = this.#full.shift();
    if (batch === undefined && this.#gathering.count > 0) {
      batch = this.#gathering;
      this.#gathering = new Batch();
    }
    this.#worker.ref();
    if (batch !== undefined) {
      this.#underWay = batch;
      this.#patience = setTimeout(() => this.#giveUp(), this.#patienceMs);
      this.#send({ do: 'batch', count: batch.count, fields: batch.fields, kinds: this.#kinds.takeFresh() });
    } else if (this.#closing !== undefined) {
      this.#send({ do: 'close' });
    } else {
      this.#worker.unref();
    }
  }

  #send(request: Request): void {
    this.#worker.postMessage(request);
  }

  #onReply(reply: Reply): void {
    const batch = this.#underWay;
    if (batch === undefined || (reply.did !== 'batch' && reply.did !== 'fail')) return;
    clearTimeout(this.#patience);
    this.#underWay = undefined;
    this.#pendingOps -= batch.count;
    this.#stalled = undefined;
    if (reply.did === 'batch') {
      this.#operations += batch.count;
      if (reply.committed) this.#commits++;
      batch.settle(reply.outcomes);
    } else {
      batch.fail(unavailable(reply.fault));
    }
    // Those who were just answered may have more to ask in this same turn. #post() unrefs when there was nothing.
    this.#schedule();
  }

  /**
   * A disk that does not answer must not hang whoever waits for it: a ledger that cannot answer refuses. What was asked
   * may still become durable; its callers have been told that it is not certain, and later questions find the truth.
   */
  #giveUp(): void {
    const waited = `The ledger's disk has not answered for ${this.#patienceMs} ms; look at it.`;
    this.#stalled = new LedgerUnavailable(waited);
    this.#underWay?.fail(this.#stalled);
    const waiting = [...this.#full, this.#gathering];
    this.#full = [];
    this.#gathering = new Batch();
    for (const batch of waiting) {
      this.#pendingOps -= batch.count;
      batch.fail(this.#stalled);
    }
  }

  #onExit(): void {
    if (this.#dead === undefined) this.#onDeath(new Error('the thread ended'));
  }

  // A dead thread is not replaced: what it was doing when it died is for a person to look at.
  #onDeath(cause: Error): void {
    if (this.#dead !== undefined) return;
    clearTimeout(this.#patience);
    this.#dead =
      this.#closing !== undefined && this.#pendingOps === 0
        ? new LedgerUnavailable('The ledger is closed; open it again.')
        : new LedgerUnavailable('The ledger has stopped and refuses everything; restart Farebox.', { cause });
    for (const batch of [this.#underWay, ...this.#full, this.#gathering]) batch?.fail(this.#dead);
    this.#underWay = undefined;
    this.#full = [];
    this.#gathering = new Batch();
    this.#pendingOps = 0;
    this.#closing?.resolve();
  }
}

function unavailable(fault: Fault): LedgerUnavailable {
  return new LedgerUnavailable(`The ledger could not write (${fault.message}); ${advice(fault.code)}.`, {
    cause: errorOfFault(fault),
  });
}

function advice(code: string | undefined): string {
  if (code === 'SQLITE_FULL') return 'free some disk space, or raise its size limit';
  if (code?.startsWith('SQLITE_READONLY')) return 'make its file and folder writable';
  if (code?.startsWith('SQLITE_BUSY')) return 'find the program that holds its write lock';
  if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'restore it from a backup';
  return 'look at the disk that it is on';
}

function misnumbered(seq: number, nowMs: number): LedgerMisuse | undefined {
  if (!Number.isSafeInteger(seq) || seq < 1) return invalid('seq is not a whole number from 1');
  return isTime(nowMs) ? undefined : invalid('nowMs is not whole milliseconds since the epoch');
}

function invalid(reason: string): LedgerMisuse {
  return new LedgerMisuse('ledger_request_invalid', `The ledger refused: ${reason}.`);
}

function ignore(): void {}
