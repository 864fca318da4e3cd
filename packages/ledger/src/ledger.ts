import type { Amount, QuotedRate } from '@farebox/protocol';
import type { ClaimState, Hold } from './transitions.js';

/**
 * What a verified credential claims. One challenge id always comes with the same reference, method and amount; with
 * others it is refused (`Taken` by `challenge`), whatever the state of its claim. Bounds: `request-bounds.ts`.
 */
export interface ClaimRequest {
  /** The challenge id, base64url of 32 bytes. */
  readonly challengeId: string;
  /** The payment's globally unique name. */
  readonly reference: string;
  readonly method: string;
  readonly intent: string;
  readonly paid: Amount;
  /** The rate that the price was quoted at; kept with the claim as it came into being. */
  readonly rate?: QuotedRate | undefined;
  /** The route's name in the table, e.g. `GET /v1/bitcoin/*`. */
  readonly route: string;
  /** What was bought: method, path and query in one line. For people; at most 2,048 characters are kept. */
  readonly resource: string;
  /** When the challenge expires, milliseconds since the epoch. */
  readonly expiresMs: number;
  /** Now, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The client's `Idempotency-Key`, 1 to 255 characters; only a hash of it is kept. */
  readonly idempotencyKey?: string | undefined;
}

/** A claim as the ledger has it. */
export interface Claim {
  /** Position in the ledger, from 1; names the claim to the later verbs. */
  readonly seq: number;
  readonly challengeId: string;
  readonly reference: string;
  readonly method: string;
  readonly intent: string;
  readonly paid: Amount;
  /** The rate that the price was quoted at, where it was set in another currency. */
  readonly rate?: QuotedRate | undefined;
  readonly route: string;
  readonly resource: string;
  readonly state: ClaimState;
  /** Who works on it, while it is `claimed` or `delivered`; otherwise undefined. */
  readonly hold: Hold | undefined;
  /** How often the delivered answer was given again because it had not left completely. */
  readonly redeliveries: number;
  /** How often an upstream was tried in vain: the payment was released, or the upstream broke its own answer off. */
  readonly attempts: number;
  /** True when the caller named the `Idempotency-Key` that the claim came with (see {@link Ledger.find}). */
  readonly keyMatches: boolean;
  /** True when an answer is kept for it (see {@link Ledger.answer}). */
  readonly answerKept: boolean;
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** An upstream's answer, kept so that it can be given again without asking the upstream again. */
export interface StoredAnswer {
  readonly status: number;
  /** Flat list: name, value, name, value. */
  readonly headers: readonly string[];
  /** At most `storedAnswerBytesMax` bytes. */
  readonly body: Uint8Array;
}

/** A {@link StoredAnswer} as it comes back. */
export interface KeptAnswer extends StoredAnswer {
  /** When it was delivered, milliseconds since the epoch. */
  readonly storedMs: number;
}

/** The claim stands in the way: the credential or the payment has been used, or is in use. */
export interface Taken {
  readonly ok: false;
  /** `challenge`: this challenge id has a claim. `reference`: the payment belongs to another challenge. */
  readonly by: 'challenge' | 'reference';
  readonly claim: Claim;
}

export type ClaimResult = { readonly ok: true; readonly seq: number } | Taken;

/** What {@link Ledger.redeliver} says. `busy`: another gateway is giving the answer at this moment. */
export type Redelivery = 'allowed' | 'no' | 'busy';

/**
 * Durable claims and their books. Every promise resolves only after its change is on disk, and rejects with
 * {@link LedgerUnavailable} when that is not certain: a ledger that cannot answer refuses (fail closed).
 * All calls that arrive while one commit is in flight share the next one.
 *
 * What each verb does in each state is the table `TRANSITIONS`. A verb that its caller should never have used there
 * rejects with `LedgerMisuse` (`ledger_conflict`), and so does a field out of bounds (`ledger_request_invalid`): then
 * too nothing was written and nothing may be served.
 *
 * An open ledger is a *holder*: what it has claimed or is delivering is `mine` to it and `theirs` to others that share
 * the store, for as long as it lives. Of a holder that is dead for certain (its process ended, or its lease ran out and
 * it was fenced off) the claims are `orphaned`, and may be taken over. Verbs that name a claim by `seq` move it only while
 * it is `mine`; a holder that was fenced off is refused.
 */
export interface Ledger {
  /**
   * For `once` routes, before the upstream is called. absent | released → claimed; with `askAgain`, for upstreams that
   * honour an `Idempotency-Key`, also unknown | orphaned → claimed.
   */
  claim(request: ClaimRequest, askAgain?: boolean): Promise<ClaimResult>;
  /**
   * Delivery in one commit, for routes that may be repeated: absent | released → delivered. The answer, where there is
   * one, is kept in the same commit.
   */
  deliver(request: ClaimRequest, answer?: StoredAnswer): Promise<ClaimResult>;
  /** Delivery of an earlier {@link Ledger.claim}: claimed → delivered. */
  settle(seq: number, nowMs: number, answer?: StoredAnswer): Promise<void>;
  /** A paid request that was not delivered: absent | claimed | released → released. Counts one attempt. */
  release(request: ClaimRequest): Promise<ClaimResult>;
  /** A `once` upstream was asked, and what it did is not known: claimed → unknown. */
  unknown(seq: number, nowMs: number): Promise<void>;
  /**
   * This holder is certain that it does nothing for this challenge, although one of its verbs may have been recorded
   * behind its back (its acknowledgement was lost): claimed → released, delivered → cut. Anything else stays as it is.
   */
  abandon(challengeId: string, nowMs: number): Promise<void>;
  /**
   * The answer of a delivered claim has left completely. Resolves when durable, but needs not be awaited (a rejection
   * that nobody looks at is no unhandled one): it rides on the next commit. Saying it twice is well.
   */
  answered(seq: number, nowMs: number): Promise<void>;
  /**
   * The answer of a delivered claim did not leave completely: delivered → cut. Needs not be awaited either. With
   * `byUpstream` it broke before the client could have it: that counts as an attempt, and not as a redelivery.
   */
  cut(seq: number, nowMs: number, byUpstream?: boolean): Promise<void>;
  /**
   * Allows one more delivery of an answer that did not leave completely: cut, or delivered by nobody else who lives, and
   * fewer than `redeliveriesMax` so far → delivered, counted. One that is answered never is.
   */
  redeliver(seq: number, redeliveriesMax: number, nowMs: number): Promise<Redelivery>;
  /** The claim of a challenge id; says whether `idempotencyKey` is the one it came with. */
  find(challengeId: string, idempotencyKey?: string | undefined): Promise<Claim | undefined>;
  /** The answer that is kept for a claim. */
  answer(seq: number): Promise<KeptAnswer | undefined>;
  /**
   * By hand, for a claim whose outcome is unknown (or whose holder is dead): `released`, the upstream did nothing, so the
   * credential works again; `delivered`, it did it. Rejects with `ledger_conflict` for any other claim.
   */
  resolve(seq: number, outcome: 'released' | 'delivered', nowMs: number): Promise<void>;
  /** By hand: the buyer has been paid back. Rejects with `ledger_conflict` while somebody works on the claim. */
  refund(seq: number, nowMs: number): Promise<void>;
  /** One bounded step of housekeeping; ask again while it says `more`. */
  sweep(terms: SweepTerms): Promise<Swept>;
  /** Counts and sums by state, for audits and tests. Reads every claim: do not ask it once per request. */
  totals(): Promise<readonly ClaimTotal[]>;
  /** Flushes what was submitted, then closes. Idempotent. */
  close(): Promise<void>;
}

/** What {@link Ledger.sweep} may remove. */
export interface SweepTerms {
  readonly nowMs: number;
  /** A credit that has not been touched for so long expires: released → expired. */
  readonly redemptionWindowMs: number;
  /**
   * The answer of a claim that is answered, expired or refunded is kept for so long after its delivery. Any other may still
   * be asked for, and is kept with its claim.
   */
  readonly replayWindowMs: number;
  /**
   * A claim that is answered, expired or refunded is removed so long after it last changed, and never before its challenge
   * expires. The balance keeps what it brought; its entries go with it. At least 8 days where a gate judges late credentials
   * (`settledLateMsMax`): one whose claim has left could be used again. After the same time an answer that was cut off, or
   * whose holder died while it left, counts as answered: cut | orphaned delivered → answered. What is claimed or unknown
   * stays for a person: nobody has decided whose the money is.
   */
  readonly retentionMs: number;
  /** Most rows touched in this step, so that traffic does not wait. */
  readonly rowsMax: number;
}

/** What one step of {@link Ledger.sweep} did. */
export interface Swept {
  /** Credits that expired. */
  readonly expired: number;
  /** Answers that were removed. */
  readonly answers: number;
  /** Claims that were removed. */
  readonly pruned: number;
  /** There is more to do. */
  readonly more: boolean;
}

/** One row of {@link Ledger.totals}. */
export interface ClaimTotal {
  readonly state: ClaimState;
  readonly method: string;
  readonly count: number;
  readonly paid: Amount;
}

/** The ledger could not make the change durable, or cannot tell. Nothing may be served on its word. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly code = 'ledger_unavailable';
  readonly retry = 'same-credential';
}
