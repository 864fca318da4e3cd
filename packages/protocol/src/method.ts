import type { Amount } from './amount.js';
import type { Challenge } from './challenge.js';
import type { JsonObject } from './json.js';

/** A price in one payment method for one route. */
export interface Offer {
  /** Payment method identifier, e.g. `lightning`. */
  readonly method: string;
  /** Payment intent, e.g. `charge`. */
  readonly intent: string;
  readonly price: Amount;
  /** Goes to the method (invoice memo); for display only. */
  readonly description?: string;
}

/** What a seller's method is told when it has to price one request. */
export interface QuoteContext {
  /** Now, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The longest a challenge may live. The method may shorten it, never lengthen it. */
  readonly challengeLifeMs: number;
}

/** The method's part of a challenge. */
export interface Quote {
  /** The `request` object; the gate serialises it with JCS. */
  readonly request: JsonObject;
  /** When the challenge must expire, milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** A challenge whose id the gate has recomputed: ours, unaltered, and meant for this very request. */
export interface VerifiedChallenge extends Challenge {
  /** `request`, decoded. */
  readonly requestObject: JsonObject;
}

/** At what rate a price in another currency was quoted. For the books: nothing is decided by it. */
export interface QuotedRate {
  /** The price as the seller set it, in decimal notation: `0.002`. */
  readonly price: string;
  /** What it was set in: `USD`. */
  readonly currency: string;
  /** What one {@link unit} cost, in decimal notation: `65012.5`. */
  readonly rate: string;
  /** A whole unit of what is paid with: `BTC`. */
  readonly unit: string;
  /** As of when, milliseconds since the epoch. */
  readonly asOfMs: number;
}

/** A payment that has been proved. */
export interface Settlement {
  /** Globally unique name of the payment: payment hash, transaction hash. Public, never a secret. */
  readonly reference: string;
  readonly paid: Amount;
  /** Payer identifier, when the method knows it. */
  readonly payer?: string;
  /** The rate that its challenge was quoted at, as the HMAC covers it; undefined where there was none. */
  readonly rate?: QuotedRate;
  /** Method-specific receipt fields. */
  readonly receiptFields?: Readonly<Record<string, string>>;
}

/** Why a credential was refused, in the problem types of the core and of the method. */
export interface VerificationRefusal {
  readonly reason: 'malformed' | 'invalid-proof' | 'expired' | 'insufficient';
  /** One sentence; never contains the proof. */
  readonly detail: string;
  /** The method's own name for it, stable, for programs: goes into the problem as `code`. */
  readonly code?: string;
}

/** What a seller's method is told when it has to judge a credential. */
export interface VerifyContext {
  /** Now, or just before the challenge's end when that is past. Milliseconds since the epoch. */
  readonly nowMs: number;
  /** The credential's `source`: who says that they have paid. */
  readonly source?: string;
}

export type Verification =
  | { readonly ok: true; readonly settlement: Settlement }
  | { readonly ok: false; readonly refusal: VerificationRefusal };

/** Problem type URIs that a method defines beside the core's. */
export interface MethodProblems {
  readonly malformed: string;
  readonly unknown: string;
  readonly invalidProof: string;
  readonly expired: string;
}

/**
 * A payment method, seen by a seller. The gate is given these and never imports one.
 * `verify` is called only after the gate has checked the challenge's id: a method never sees an unverified
 * credential.
 */
export interface SellerMethod {
  readonly method: string;
  readonly intent: string;
  readonly problems?: MethodProblems;
  /**
   * True where `verify` itself moves the money. The gate then asks its ledger before, never judges one credential twice at
   * once. For an expired challenge `verify` must send nothing, and only look at what has happened; that it happened in time is
   * asked of {@link settledMs}, and without one an `ok` is taken as proof of it.
   */
  readonly settlesOnVerify?: boolean;
  /** Makes the `request` of a challenge. Rejects with {@link MethodUnavailable} when it cannot be made now. */
  quote(offer: Offer, context: QuoteContext): Promise<Quote>;
  /**
   * Synchronous where the proof needs no network: the paid path must not pay for a promise. Rejects with
   * {@link MethodUnavailable} when it cannot be judged now; the same credential stays good.
   */
  verify(
    challenge: VerifiedChallenge,
    payload: JsonObject,
    context: VerifyContext,
  ): Verification | Promise<Verification>;
  /**
   * When a payment that {@link verify} has found good arrived, by the method's own back end, milliseconds since the epoch;
   * undefined where that cannot be told. Absent: this method never can. Rejects with {@link MethodUnavailable} when the back
   * end does not answer now.
   */
  settledMs?(settlement: Settlement): Promise<number | undefined>;
}

/** The payment back end did not answer or refused. Nothing was charged, nothing was consumed. */
export class MethodUnavailable extends Error {
  readonly code = 'method_unavailable';
  readonly retry = 'safe';
  override readonly name = 'MethodUnavailable';
}

/** One who is paid, and how much of the price. */
export interface PayeeShare {
  /** In the method's own form: node id, account. */
  readonly payee: string;
  readonly amount: Amount;
}

/** What a challenge would really cost, read from the proof-bearing data and not from the seller's words. */
export interface Inspection {
  readonly price: Amount;
  /** Who is paid, in the method's own form: node id, account. */
  readonly payee: string;
  /** Everybody who is paid, {@link payee} first, where one payment may go to several. Absent or empty: nobody else. */
  readonly payees?: readonly PayeeShare[];
  /** The payment's reference, known before paying: payment hash. */
  readonly reference: string;
  readonly network: string;
  /** The earlier of the challenge's and the payment data's own expiry, milliseconds since the epoch. */
  readonly expiresMs: number;
  /** What the payee says it is for; for display only. */
  readonly description?: string;
}

export type InspectionResult =
  | { readonly ok: true; readonly inspection: Inspection }
  | { readonly ok: false; readonly code: string; readonly detail: string };

/** What a buyer allows for one payment. */
export interface PayLimits {
  /** Most that may be paid, without fees. */
  readonly maxAmount: Amount;
  /** Most that may be paid in fees on top. */
  readonly maxFee: Amount;
  /** When the method stops trying, milliseconds since the epoch. */
  readonly deadlineMs: number;
}

/** The three outcomes of paying. `unknown` is never taken for `not-paid`. */
export type PayOutcome =
  | {
      readonly kind: 'paid';
      readonly payload: JsonObject;
      /** What the seller's receipt will name, where that is known and is not {@link Inspection.reference}. */
      readonly reference?: string;
      readonly paid: Amount;
      /** May be in a finer unit than `paid`: lightning fees are `msat`. */
      readonly fee: Amount;
      readonly source?: string;
    }
  | {
      readonly kind: 'not-paid';
      readonly code: string;
      readonly detail: string;
      /** What was spent all the same, to nobody: the chain took its fee and took the payment back. Final, then. */
      readonly fee?: Amount;
    }
  | { readonly kind: 'unknown'; readonly detail: string };

/** What a wallet knows of an earlier `pay`, from its journal. */
export interface KnownPayment {
  /** What `pay` gave. */
  readonly payload?: JsonObject;
  /** When it was begun, milliseconds since the epoch. */
  readonly sinceMs?: number;
  /** False only when it is certain that no seller has seen the payload. */
  readonly presented?: boolean;
}

/** A payment method, seen by a buyer. */
export interface BuyerMethod {
  readonly method: string;
  readonly intent: string;
  /** True where `pay` only signs, and the money moves when the seller is presented with it. */
  readonly settlesOnPresentation?: boolean;
  /** Pure: reads the challenge, spends nothing, asks nobody. */
  inspect(challenge: Challenge, context: { readonly nowMs: number }): InspectionResult;
  /** Pays once. Must check `limits` against the inspected data again, right before paying. */
  pay(challenge: Challenge, limits: PayLimits): Promise<PayOutcome>;
  /** Finds out what became of an earlier `pay` for this challenge. Never pays. */
  resume(challenge: Challenge, known?: KnownPayment): Promise<PayOutcome>;
}
