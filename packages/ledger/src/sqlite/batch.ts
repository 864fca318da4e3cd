import { LedgerMisuse } from '../errors.js';
import { type Claim, type ClaimResult, type ClaimTotal, LedgerUnavailable } from '../ledger.js';
import { type Field, Op, type OpCode, type Outcome } from './messages.js';

type Reject = (error: Error) => void;

/** A promise somebody holds, by the kind of its answer. */
type Pending = { readonly reject: Reject } & (
  | { readonly answer: 'claim'; readonly resolve: (result: ClaimResult) => void }
  | { readonly answer: 'done'; readonly resolve: () => void }
  | { readonly answer: 'allowed'; readonly resolve: (allowed: boolean) => void }
  | { readonly answer: 'found'; readonly resolve: (claim: Claim | undefined) => void }
  | { readonly answer: 'totals'; readonly resolve: (totals: readonly ClaimTotal[]) => void }
);

/** Operations that will share one transaction, and the promises that wait for it. The caller's side of the threads. */
export class Batch {
  /** The flat array for the ledger's thread (`messages.ts`). */
  readonly fields: Field[] = [];
  readonly #pending: Pending[] = [];

  /** How many operations it holds. */
  get count(): number {
    return this.#pending.length;
  }

  /** claim, deliver or release. */
  enter(op: OpCode, kind: number, request: EnterFields, resource: string): Promise<ClaimResult> {
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
    );
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'claim', resolve, reject });
    });
  }

  /** settle or answered. */
  advance(op: OpCode, seq: number, nowMs: number): Promise<void> {
    this.fields.push(op, seq, nowMs);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'done', resolve, reject });
    });
  }

  /** redeliver. */
  redeliver(seq: number, redeliveriesMax: number, nowMs: number, key: string): Promise<boolean> {
    this.fields.push(Op.redeliver, seq, redeliveriesMax, nowMs, key);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'allowed', resolve, reject });
    });
  }

  /** find. */
  find(challengeId: string): Promise<Claim | undefined> {
    this.fields.push(Op.find, challengeId);
    return new Promise((resolve, reject) => {
      this.#pending.push({ answer: 'found', resolve, reject });
    });
  }

  /** totals. */
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
    this.#pending.forEach((pending, at) => {
      settleOne(pending, outcomes[at] ?? 0);
    });
  }

  /** Nothing of it counts: everybody gets the error. */
  fail(error: LedgerUnavailable): void {
    for (const pending of this.#pending) pending.reject(error);
  }
}

/** See `messages.ts`. */
function travelling(amount: bigint): Field {
  return amount <= exactAmountMax ? Number(amount) : amount;
}

const exactAmountMax = BigInt(Number.MAX_SAFE_INTEGER);

/** The fields of a request that travel as they are. */
interface EnterFields {
  readonly challengeId: string;
  readonly reference: string;
  readonly paid: { readonly amount: bigint };
  readonly expiresMs: number;
  readonly nowMs: number;
  readonly idempotencyKey?: string | undefined;
}

function settleOne(pending: Pending, outcome: Outcome): void {
  if (typeof outcome !== 'number') {
    settleRare(pending, outcome);
    return;
  }
  if (pending.answer === 'claim') pending.resolve({ ok: true, seq: outcome });
  else if (pending.answer === 'done') pending.resolve();
  else if (pending.answer === 'allowed') pending.resolve(outcome === 1);
  else pending.reject(mixedUp());
}

function settleRare(pending: Pending, outcome: Exclude<Outcome, number>): void {
  const { kind } = outcome;
  if (kind === 'conflict') {
    pending.reject(new LedgerMisuse('ledger_conflict', `The ledger refused: ${outcome.detail}.`));
  } else if (kind === 'damaged') {
    pending.reject(
      new LedgerUnavailable(`The ledger is damaged: ${outcome.detail} Restore it from a backup.`),
    );
  } else if (kind === 'taken' && pending.answer === 'claim') {
    pending.resolve({ ok: false, by: outcome.by, claim: outcome.claim });
  } else if (kind === 'found' && pending.answer === 'found') {
    pending.resolve(outcome.claim);
  } else if (kind === 'totals' && pending.answer === 'totals') {
    pending.resolve(outcome.totals);
  } else {
    pending.reject(mixedUp());
  }
}

function mixedUp(): LedgerUnavailable {
  return new LedgerUnavailable('The ledger answered another question; restart Farebox.');
}
