import type { Amount, Challenge, JsonObject, PayeeShare, Receipt } from '@farebox/protocol';
import type { WalletOutcome } from './errors.js';
import type { Budget, BudgetStanding, OverBudget } from './policy/budget.js';
import type { Header } from './request.js';
import type { JournalState, Settlement } from './states.js';

/** A request as the journal keeps it: all that is needed to present a credential again, without secrets. */
export interface StoredRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly Header[];
  /** Lowercase names of headers whose values were secret and were not stored; `resume` needs them again. */
  readonly withheld: readonly string[];
  /** Dropped after delivery. */
  readonly body?: Uint8Array;
  readonly fingerprint: string;
  /** Where the credential goes. */
  readonly credentialHeader: CredentialHeader;
}

/** `Payment-Authorization` leaves the caller's own `Authorization` alone, where the seller accepts it. */
export type CredentialHeader = 'authorization' | 'payment-authorization';

/** What is written before anything is sent. */
export interface PaymentPlan {
  /** Absent for an invoice that is paid by hand. */
  readonly request?: StoredRequest;
  readonly challenge: Challenge;
  /** What the payment data itself says, not the seller's words. */
  readonly price: Amount;
  readonly maxFee: Amount;
  readonly payee: string;
  /** Everybody who is paid, where it is not the payee alone. */
  readonly payees?: readonly PayeeShare[];
  readonly network: string;
  /** The payment's globally unique name: payment hash. */
  readonly reference: string;
  /** Earlier of both expiries, milliseconds since the epoch. */
  readonly expiresMs: number;
  /** When the method stops trying, milliseconds since the epoch. */
  readonly payDeadlineMs: number;
  /** True where the method only signs, and the money moves when the seller is presented with that. */
  readonly settlesOnPresentation?: boolean;
  /** What must have room for price and fee cap. Counted when the plan is written, and not kept in the row. */
  readonly budgets?: readonly Budget[];
}

/** One payment. */
export interface JournalEntry extends Omit<PaymentPlan, 'settlesOnPresentation' | 'budgets'> {
  /** `pay_` and 20 hex characters. Also the `Idempotency-Key` of every presentation. */
  readonly id: string;
  readonly state: JournalState;
  /** The process that wrote last. */
  readonly owner: string;
  /** The proof. Secret; here only while it is needed. */
  readonly payload?: JsonObject;
  readonly source?: string;
  /** Absent where paying itself moves the money. */
  readonly settlement?: Settlement;
  /** What was paid or, while the settlement is open, signed for. */
  readonly paid?: Amount;
  /** The fee; while the settlement is open, the most that it can be. Of what was not paid, what it cost all the same. */
  readonly fee?: Amount;
  /** What the seller's receipt must name, where that is not {@link PaymentPlan.reference}. */
  readonly receiptReference?: string;
  readonly receipt?: Receipt;
  /** Status of the last answer to the credential. */
  readonly status?: number;
  /** Why the last step ended as it did. One sentence, no secrets. */
  readonly detail?: string;
  /** How often the credential was presented. */
  readonly presentations: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** When the node was to be asked; absent again once it is certain that it did not pay. */
  readonly payingMs?: number;
  readonly paidMs?: number;
  readonly deliveredMs?: number;
}

/** What a step adds to the row. */
export interface EntryChanges {
  readonly payload?: JsonObject;
  readonly source?: string;
  readonly paid?: Amount;
  readonly fee?: Amount;
  readonly receiptReference?: string;
  readonly receipt?: Receipt;
  readonly status?: number;
  readonly detail?: string;
  /** With `not-paid`: certain, so that the node needs not be asked again. */
  readonly final?: boolean;
}

/** What the chain says of a payment that was signed before. */
export type Settled = Pick<EntryChanges, 'paid' | 'fee' | 'receiptReference'>;

/** A plan is refused when its challenge or its payment reference is in the journal already, or a budget has no room. */
export type PlanResult =
  | { readonly ok: true; readonly entry: JournalEntry }
  | { readonly ok: false; readonly by: 'challenge' | 'reference'; readonly entry: JournalEntry }
  | OverBudgetResult;

/** Nothing was written: a budget has no room. */
export interface OverBudgetResult {
  readonly ok: false;
  readonly by: 'budget';
  readonly over: OverBudget;
}

/** Which payments are meant. What is left out matches everything. */
export interface JournalFilter {
  /** Begun at this moment or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Begun before this moment. */
  readonly untilMs?: number | undefined;
  /** As budgets count it: without port, in lower case. */
  readonly host?: string | undefined;
  /** The payment method: `lightning`. */
  readonly method?: string | undefined;
  /** In one of these states, or standing in one of these ways; either will do where both are given. */
  readonly states?: readonly JournalState[] | undefined;
  readonly outcomes?: readonly WalletOutcome[] | undefined;
}

/** How long what is finished is kept, milliseconds. */
export interface Retention {
  /** Delivered, or certainly not paid: after its last change. */
  readonly finishedMs: number;
  /** Paid and never delivered, or paid by hand, with the proof: after the challenge's expiry. */
  readonly creditMs: number;
}

/**
 * What a wallet did and is about to do, shared by every process that uses the same file. Each verb is one durable
 * transaction: when it returns, the change is on disk. Throws {@link WalletError} `journal_unavailable`,
 * `journal_corrupt` or `state_changed`.
 */
export interface Journal {
  /**
   * Reserves challenge, reference and the money: absent → `planned`. The budgets are counted in the same transaction, so
   * that no two processes are given the same room.
   */
  plan(plan: PaymentPlan, nowMs: number): PlanResult;
  /**
   * Tries again what certainly was not paid: `not-paid` → `planned`, with the new plan, in the same row. Never what cost a
   * fee: that row is the record of it.
   */
  replan(id: string, plan: PaymentPlan, nowMs: number): PlanResult;
  /** The first budget that has no room for a plan now, as `plan` would say it; undefined when all have. Reserves nothing. */
  findOver(plan: Pick<PaymentPlan, 'price' | 'maxFee' | 'budgets'>, nowMs: number): OverBudget | undefined;
  /** How budgets stand, in the order in which they were given. Reserves nothing. */
  standing(budgets: readonly Budget[], nowMs: number): readonly BudgetStanding[];
  /** One step of the state table, only if the row is still in `from`. */
  move(id: string, from: JournalState, to: JournalState, changes: EntryChanges, nowMs: number): JournalEntry;
  /** Writes down that an open payment was carried out; the state stays. From then on it is as good as any credit. */
  settle(id: string, from: JournalState, settled: Settled, nowMs: number): JournalEntry;
  /**
   * Moves `updatedMs` of what this process has presented and is still reading, so that others leave it alone; nothing, where
   * the row is in another state or another process wrote it last.
   */
  renew(id: string, nowMs: number): void;
  find(id: string): JournalEntry | undefined;
  findByReference(reference: string): JournalEntry | undefined;
  /** Newest first, at most `limit` (100 when left out). */
  list(options?: JournalFilter & { readonly limit?: number }): readonly JournalEntry[];
  /** Newest first, all of them, a page at a time. */
  each(filter?: JournalFilter): Iterable<JournalEntry>;
  /** Entries for which something is left to do, oldest first. */
  unfinished(): readonly JournalEntry[];
  /** Entries that were paid for this very request and not delivered, oldest first. */
  credits(fingerprint: string): readonly JournalEntry[];
  /** Drops what has been finished for so long; never what may still be paid or counts in a budget. Says how many. */
  prune(retention: Retention, nowMs: number): number;
  /** True when the process that wrote the row last certainly no longer runs. */
  ownerIsGone(entry: JournalEntry): boolean;
  /** True when this process wrote the row last. */
  isOwn(entry: JournalEntry): boolean;
  close(): void;
}
