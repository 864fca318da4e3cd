import type {
  Claim,
  ClaimRequest,
  ClaimResult,
  ClaimTotal,
  KeptAnswer,
  Ledger,
  Redelivery,
  StoredAnswer,
  SweepTerms,
  Swept,
} from '../ledger.js';
import { isChallengeId, keptResource, keyOutOfBounds, requestOutOfBounds } from '../request-bounds.js';
import { type TravellingAnswer, travellingAnswer } from './answers.js';
import type { Backend } from './backend.js';
import type { Batch } from './batch.js';
import { invalid, seqOutOfBounds, stepOutOfBounds, termsOutOfBounds, timeOutOfBounds } from './bounds.js';
import { KindNumbers } from './kind-numbers.js';
import { Op, type OpCode } from './messages.js';
import { batchOpsMax, Queue } from './queue.js';

/** What a ledger has done since it was opened. */
export interface LedgerStats {
  /** Transactions made durable, each with one sync of the disk. */
  readonly commits: number;
  /** Operations answered after their batch was applied, reads and refusals included. */
  readonly operations: number;
}

/**
 * The verbs of every ledger, over the narrow {@link Backend} of its store: checks bounds, refuses while the store cannot
 * answer, and gathers. All operations of one turn of the event loop, and all that arrive while a transaction is under
 * way, share the next one.
 */
export class LedgerFront implements Ledger {
  readonly #backend: Backend;
  readonly #kinds = new KindNumbers();
  readonly #queue: Queue;
  #closing: Promise<void> | undefined;

  /**
   * @internal
   * @param opsMax most operations in one transaction; see `opsMaxOf`
   */
  constructor(backend: Backend, opsMax = batchOpsMax) {
    this.#backend = backend;
    this.#queue = new Queue(backend, this.#kinds, opsMax);
  }

  /** What has been done since the ledger was opened; syncs per operation = commits ÷ operations. */
  get stats(): LedgerStats {
    const { commits, operations } = this.#queue;
    return { commits, operations };
  }

  claim(request: ClaimRequest, askAgain = false): Promise<ClaimResult> {
    return this.#enter(askAgain ? Op.reclaim : Op.claim, request, undefined);
  }

  deliver(request: ClaimRequest, answer?: StoredAnswer): Promise<ClaimResult> {
    return this.#enter(Op.deliver, request, answer);
  }

  release(request: ClaimRequest): Promise<ClaimResult> {
    return this.#enter(Op.release, request, undefined);
  }

  settle(seq: number, nowMs: number, answer?: StoredAnswer): Promise<void> {
    if (answer === undefined) return this.#advance(Op.settle, seq, nowMs);
    const kept = travellingAnswer(answer);
    const reason = typeof kept === 'string' ? kept : stepOutOfBounds(seq, nowMs);
    const batch = this.#batch(reason);
    if (batch instanceof Error) return Promise.reject(batch);
    if (typeof kept !== 'string') batch.keep(kept);
    return batch.advance(Op.settle, seq, nowMs);
  }

  unknown(seq: number, nowMs: number): Promise<void> {
    return this.#advance(Op.unknown, seq, nowMs);
  }

  abandon(challengeId: string, nowMs: number): Promise<void> {
    const reason = timeOutOfBounds(nowMs);
    if (!isChallengeId(challengeId)) return this.#none(reason);
    const batch = this.#batch(reason);
    return batch instanceof Error ? Promise.reject(batch) : batch.abandon(challengeId, nowMs);
  }

  answered(seq: number, nowMs: number): Promise<void> {
    return this.#mention(Op.answered, seq, nowMs);
  }

  cut(seq: number, nowMs: number, byUpstream = false): Promise<void> {
    return this.#mention(byUpstream ? Op.cutByUpstream : Op.cut, seq, nowMs);
  }

  redeliver(seq: number, redeliveriesMax: number, nowMs: number): Promise<Redelivery> {
    // What is not a number would be below every bound.
    const bound = Number.isSafeInteger(redeliveriesMax) ? undefined : 'redeliveriesMax is no number';
    const batch = this.#batch(stepOutOfBounds(seq, nowMs) ?? bound);
    return batch instanceof Error ? Promise.reject(batch) : batch.redeliver(seq, redeliveriesMax, nowMs);
  }

  find(challengeId: string, idempotencyKey?: string | undefined): Promise<Claim | undefined> {
    const reason = keyOutOfBounds(idempotencyKey);
    if (!isChallengeId(challengeId)) return this.#none(reason);
    const batch = this.#batch(reason);
    return batch instanceof Error ? Promise.reject(batch) : batch.find(challengeId, idempotencyKey ?? '');
  }

  answer(seq: number): Promise<KeptAnswer | undefined> {
    const batch = this.#batch(seqOutOfBounds(seq));
    return batch instanceof Error ? Promise.reject(batch) : batch.answer(seq);
  }

  resolve(seq: number, outcome: 'released' | 'delivered', nowMs: number): Promise<void> {
    if (outcome === 'released') return this.#advance(Op.resolveReleased, seq, nowMs);
    if (outcome === 'delivered') return this.#advance(Op.resolveDelivered, seq, nowMs);
    return Promise.reject(invalid('an outcome is released or delivered'));
  }

  refund(seq: number, nowMs: number): Promise<void> {
    return this.#advance(Op.refund, seq, nowMs);
  }

  sweep(terms: SweepTerms): Promise<Swept> {
    const reason = termsOutOfBounds(terms);
    const backend = this.#backend;
    if (reason === undefined && backend.sweep !== undefined)
      return this.#queue.aside(() => backend.sweep?.(terms));
    const batch = this.#batch(reason);
    return batch instanceof Error ? Promise.reject(batch) : batch.sweep(terms);
  }

  totals(): Promise<readonly ClaimTotal[]> {
    const backend = this.#backend;
    if (backend.totals !== undefined) return this.#queue.aside(() => backend.totals?.());
    const batch = this.#batch(undefined);
    return batch instanceof Error ? Promise.reject(batch) : batch.totals();
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.close();
    return this.#closing;
  }

  #enter(op: OpCode, request: ClaimRequest, answer: StoredAnswer | undefined): Promise<ClaimResult> {
    const refusal = this.#queue.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    let kept: TravellingAnswer | undefined;
    if (answer !== undefined) {
      const travelling = travellingAnswer(answer);
      if (typeof travelling === 'string') return Promise.reject(invalid(travelling));
      kept = travelling;
    }
    const reason = requestOutOfBounds(request);
    const kind = reason ?? this.#kinds.of(request);
    if (typeof kind === 'string') return Promise.reject(invalid(kind));
    const batch = this.#queue.batch();
    if (kept !== undefined) batch.keep(kept);
    return batch.enter(op, kind, request, keptResource(request.resource));
  }

  #advance(op: OpCode, seq: number, nowMs: number): Promise<void> {
    const batch = this.#batch(stepOutOfBounds(seq, nowMs));
    return batch instanceof Error ? Promise.reject(batch) : batch.advance(op, seq, nowMs);
  }

  // Callers need not await it. What is lost with it is only the mark: the answer could then be had again.
  #mention(op: OpCode, seq: number, nowMs: number): Promise<void> {
    const batch = this.#batch(stepOutOfBounds(seq, nowMs));
    if (!(batch instanceof Error)) return batch.mention(op, seq, nowMs);
    const refused = Promise.reject(batch);
    refused.catch(ignore);
    return refused;
  }

  /** What is no challenge id has no claim: the store need not be asked, only able to answer. */
  #none(reason: string | undefined): Promise<undefined> {
    const refusal = this.#queue.refusal() ?? (reason === undefined ? undefined : invalid(reason));
    return refusal === undefined ? Promise.resolve(undefined) : Promise.reject(refusal);
  }

  /** The batch that the next operation joins, or why it joins none. */
  #batch(reason: string | undefined): Batch | Error {
    const refusal = this.#queue.refusal();
    if (refusal !== undefined) return refusal;
    return reason === undefined ? this.#queue.batch() : invalid(reason);
  }
}

function ignore(): void {}
