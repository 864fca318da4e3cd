import { LedgerMisuse } from '../errors.js';
import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type ClaimTotal,
  type KeptAnswer,
  LedgerUnavailable,
  type Redelivery,
  type SweepTerms,
  type Swept,
} from '../ledger.js';
import { writeRate } from '../quoted-rate.js';
import type { TravellingAnswer } from './answers.js';
import { type Field, Op, type OpCode, type Outcome, RedeliveryNumber } from './messages.js';

type Reject = (error: Error) => void;

/** A promise somebody holds, by the kind of its answer. */
type Pending = { readonly reject: Reject } & (
  | { readonly answer: 'claim'; readonly resolve: (result: ClaimResult) => void }
  | { readonly answer: 'done'; readonly resolve: () => void }
  | { readonly answer: 'redelivery'; readonly resolve: (redelivery: Redelivery) => void }
  | { readonly answer: 'found'; readonly resolve: (claim: Claim | undefined) => void }
  | { readonly answer: 'answer'; readonly resolve: (answer: KeptAnswer | undefined) => void }
  | { readonly answer: 'swept'; readonly resolve: (swept: Swept) => void }
  | { readonly answer: 'totals'; readonly resolve: (totals: readonly ClaimTotal[]) => void }
);

/** Operations that will share one transaction, and the promises that wait for it. */
export class Batch {
  /** The flat array for the store (`messages.ts`). */
  readonly fields: Field[] = [];
  /** Bytes of the answers that it keeps. */
  answerBytes = 0;
  readonly #pending: Pending[] = [];
  // Promises that nobody needs to look at.
  readonly #quiet: Promise<void>[] = [];

  /** How many operations it holds. */
  get count(): number {
    return this.#pending.length;
  }

  /** claim, reclaim, deliver or release. */
  enter(op: OpCode, kind: number, request: ClaimRequest, resource: string): Promise<ClaimResult> {
    this.fields.push(
      op,
      kind,
      request.challengeId,
      request.reference,
      travelling(request.paid.amount),
      resource,
      request.expiresMs,
      request.nowMs,
      request.idempotencyKey ?? '',
      writeRate(request.rate),
    );
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'claim', resolve, reject });
    });
  }

  /** The answer that the operation after it keeps. */
  keep({ status, headers, body }: TravellingAnswer): void {
    this.fields.push(Op.keep, status, headers, body);
    this.answerBytes += body.length + headers.length;
  }

  /** Every verb with no more than a seq and a time. */
  advance(op: OpCode, seq: number, nowMs: number): Promise<void> {
    this.fields.push(op, seq, nowMs);
    return this.#done();
  }

  /** Like {@link advance}, for verbs that need not be awaited: a rejection that nobody looks at is no unhandled one. */
  mention(op: OpCode, seq: number, nowMs: number): Promise<void> {
    this.fields.push(op, seq, nowMs);
    const done = this.#done();
    this.#quiet.push(done);
    return done;
  }

  abandon(challengeId: string, nowMs: number): Promise<void> {
    this.fields.push(Op.abandon, challengeId, nowMs);
    return this.#done();
  }

  redeliver(seq: number, redeliveriesMax: number, nowMs: number): Promise<Redelivery> {
    this.fields.push(Op.redeliver, seq, nowMs, redeliveriesMax);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'redelivery', resolve, reject });
    });
  }

  find(challengeId: string, key: string): Promise<Claim | undefined> {
    this.fields.push(Op.find, challengeId, key);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'found', resolve, reject });
    });
  }

  answer(seq: number): Promise<KeptAnswer | undefined> {
    this.fields.push(Op.answer, seq);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'answer', resolve, reject });
    });
  }

  sweep(terms: SweepTerms): Promise<Swept> {
    const { nowMs, redemptionWindowMs, replayWindowMs, retentionMs, rowsMax } = terms;
    this.fields.push(Op.sweep, nowMs, redemptionWindowMs, replayWindowMs, retentionMs, rowsMax);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'swept', resolve, reject });
    });
  }

  totals(): Promise<readonly ClaimTotal[]> {
    this.fields.push(Op.totals);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'totals', resolve, reject });
    });
  }

  /** The transaction is durable: everybody gets their answer. */
  settle(outcomes: readonly Outcome[]): void {
    if (outcomes.length !== this.#pending.length) {
      this.fail(new LedgerUnavailable('The ledger lost count of its operations; restart Farebox.'));
      return;
    }
    for (let at = 0; at < this.#pending.length; at++) {
      const pending = this.#pending[at];
      const outcome = outcomes[at];
      if (pending === undefined || outcome === undefined) continue;
      if (typeof outcome === 'number') settleNumber(pending, outcome);
      else this.#settleRare(pending, outcome);
    }
  }

  /** Nothing of it counts: everybody gets the error. */
  fail(error: LedgerUnavailable): void {
    this.#hush();
    for (const pending of this.#pending) pending.reject(error);
  }

  #done(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'done', resolve, reject });
    });
  }

  #settleRare(pending: Pending, outcome: Exclude<Outcome, number>): void {
    const { kind } = outcome;
    if (kind === 'conflict') {
      this.#hush();
      pending.reject(new LedgerMisuse('ledger_conflict', `The ledger refused: ${outcome.detail}.`));
    } else if (kind === 'damaged') {
      this.#hush();
      pending.reject(
        new LedgerUnavailable(`The ledger is damaged: ${outcome.detail} Restore it from a backup.`),
      );
    } else if (kind === 'taken' && pending.answer === 'claim') {
      pending.resolve({ ok: false, by: outcome.by, claim: outcome.claim });
    } else if (kind === 'found' && pending.answer === 'found') pending.resolve(outcome.claim);
    else if (kind === 'answer' && pending.answer === 'answer') pending.resolve(outcome.answer);
    else if (kind === 'swept' && pending.answer === 'swept') pending.resolve(outcome.swept);
    else if (kind === 'totals' && pending.answer === 'totals') pending.resolve(outcome.totals);
    else pending.reject(mixedUp());
  }

  // Only now, since almost no mention is ever rejected, and each handler is one more promise.
  #hush(): void {
    for (const done of this.#quiet) done.catch(ignore);
    this.#quiet.length = 0;
  }
}

/** See `messages.ts`. */
function travelling(amount: bigint): Field {
  return amount <= exactAmountMax ? Number(amount) : amount;
}

const exactAmountMax = BigInt(Number.MAX_SAFE_INTEGER);

function settleNumber(pending: Pending, outcome: number): void {
  if (pending.answer === 'claim') pending.resolve({ ok: true, seq: outcome });
  else if (pending.answer === 'done') pending.resolve();
  else if (pending.answer === 'redelivery') {
    if (outcome === RedeliveryNumber.allowed) pending.resolve('allowed');
    else pending.resolve(outcome === RedeliveryNumber.busy ? 'busy' : 'no');
  } else pending.reject(mixedUp());
}

function mixedUp(): LedgerUnavailable {
  return new LedgerUnavailable('The ledger answered another question; restart Farebox.');
}

function ignore(): void {}
