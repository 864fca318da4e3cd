import type { Amount } from '@farebox/protocol';

/** Why a credential was refused, as counters and logs name it. */
export type RefusalReason =
  | 'two-credentials'
  | 'malformed'
  | 'unknown-challenge'
  | 'other-resource'
  | 'other-body'
  | 'expired'
  | 'offer-gone'
  | 'method-unsupported'
  | 'invalid-proof'
  | 'in-progress'
  | 'used'
  | 'outcome-unknown'
  | 'reference-taken';

/**
 * What the gate did, for logs and metrics. Events carry no credential, no proof and no secret; a challenge id
 * alone opens nothing.
 */
export type GateEvent =
  | { readonly kind: 'challenged'; readonly route: string; readonly challengeId: string }
  | { readonly kind: 'refused'; readonly route: string; readonly reason: RefusalReason }
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
