import type { Amount } from '@farebox/protocol';

/** Why a credential was refused, as counters and logs name it. */
export type RefusalReason =
  | 'two-credentials'
  | 'malformed'
  | 'unknown-challenge'
  | 'other-resource'
  | 'other-body'
  | 'expired'
  | 'paid-late'
  | 'offer-gone'
  | 'method-unsupported'
  | 'invalid-proof'
  | 'in-progress'
  | 'used'
  | 'credit-expired'
  | 'refunded'
  | 'outcome-unknown'
  | 'answer-lost'
  | 'exhausted'
  | 'key-reused';

/** Why a payment failed that the caller may serve by other means. `unavailable`: nobody could tell. */
export type YieldReason = RefusalReason | 'unavailable';

/**
 * What the gate did, for logs and metrics. Events carry no credential, no proof and no secret; a challenge id
 * alone opens nothing.
 */
export type GateEvent =
  | { readonly kind: 'challenged'; readonly route: string; readonly challengeId: string }
  | { readonly kind: 'refused'; readonly route: string; readonly reason: RefusalReason }
  /** No challenge was issued, because too many were that nobody has paid. */
  | { readonly kind: 'limited'; readonly route: string; readonly by: 'client' | 'global' }
  | {
      readonly kind: 'delivered';
      readonly route: string;
      readonly challengeId: string;
      readonly reference: string;
      readonly paid: Amount;
      /** True when an answer that did not leave completely is given again. */
      readonly again: boolean;
    }
  | { readonly kind: 'released'; readonly route: string; readonly challengeId: string }
  | { readonly kind: 'unknown'; readonly route: string; readonly challengeId: string }
  | {
      readonly kind: 'method-unavailable';
      readonly route: string;
      readonly method: string;
      readonly error: unknown;
    }
  | { readonly kind: 'ledger-unavailable'; readonly route: string; readonly error: unknown };
