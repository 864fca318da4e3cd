import type { Amount } from '@farebox/protocol';

/**
 * The states of a claim (design: the life of a paid request). An unpaid challenge is not stored.
 *
 * claimed    a credential holds the payment while its upstream works (durable for `once` routes only)
 * released   paid and not delivered: a credit, redeemable with the same credential
 * delivered  done; the receipt exists from here on
 * expired    a credit that nobody redeemed in time
 */
export type ClaimState = 'claimed' | 'released' | 'delivered' | 'expired';

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
  readonly route: string;
  readonly resource: string;
  readonly state: ClaimState;
  /** True once an answer has left completely. Only then is the credential used up. */
  readonly answered: boolean;
  /** How often the delivered answer was given again because it had not left completely. */
  readonly redeliveries: number;
  /** How often an upstream was tried and the payment released again. */
  readonly attempts: number;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** The claim stands in the way: the credential or the payment has been used, or is in use. */
export interface Taken {
  readonly ok: false;
  /** `challenge`: this challenge id has a claim. `reference`: the payment belongs to another challenge. */
  readonly by: 'challenge' | 'reference';
  readonly claim: Claim;
}

export type ClaimResult = { readonly ok: true; readonly seq: number } | Taken;

/**
 * Durable claims. Every promise resolves only after its change is on disk, and rejects with
 * {@link LedgerUnavailable} when that is not certain: a ledger that cannot answer refuses (fail closed).
 * All calls that arrive while one commit is in flight share the next one.
 *
 * What each verb does in each state is the table `TRANSITIONS`. A verb that its caller should never have used there
 * rejects with `LedgerMisuse` (`ledger_conflict`), and so does a field out of bounds (`ledger_request_invalid`): then
 * too nothing was written and nothing may be served.
 */
export interface Ledger {
  /**
   * For `once` routes, before the upstream is called. absent | released → claimed.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /**
   * Delivery in one commit, for routes that may be repeated: absent | released → delivered.
   */
  deliver(request: ClaimRequest): Promise<ClaimResult>;
  /** Delivery of an earlier {@link Ledger.claim}: claimed → delivered. */
  settle(seq: number, nowMs: number): Promise<void>;
  /** A paid request that was not delivered: absent | claimed | released → released. Counts one attempt. */
  release(request: ClaimRequest): Promise<ClaimResult>;
  /**
   * The answer of a delivered claim has left completely. Resolves when durable, but needs not be awaited (a rejection
   * that nobody looks at is no unhandled one): it rides on the next commit. Saying it twice is well.
   */
  answered(seq: number, nowMs: number): Promise<void>;
  /**
   * Allows one more delivery of an answer that did not leave completely: delivered, not answered, and fewer than
   * `redeliveriesMax` so far → counted, true. Otherwise false.
   *
   * With the `Idempotency-Key` that the claim was delivered under, an answered one is given again too, within the same
   * bound: whoever knows the key is the client that lost the answer after it had left.
   */
  redeliver(
    seq: number,
    redeliveriesMax: number,
    nowMs: number,
    idempotencyKey?: string | undefined,
  ): Promise<boolean>;
  /** The claim of a challenge id. */
  find(challengeId: string): Promise<Claim | undefined>;
  /** Counts and sums by state, for audits and tests. Reads every claim: do not ask it once per request. */
  totals(): Promise<readonly ClaimTotal[]>;
  /** Flushes what was submitted, then closes. Idempotent. */
  close(): Promise<void>;
}

/** One row of {@link Ledger.totals}. */
export interface ClaimTotal {
  readonly state: ClaimState;
  readonly answered: boolean;
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
