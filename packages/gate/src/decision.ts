import type { Problem } from '@farebox/protocol';
import type { Answer } from './answer.js';
import type { Delivery } from './delivery.js';
import type { YieldReason } from './events.js';

/** What the gate decided about a request. */
export type Admission =
  | { readonly kind: 'refused'; readonly answer: Answer }
  | { readonly kind: 'admitted'; readonly delivery: Delivery }
  /** An answer that is kept: send it, and tell the delivery whether it left ({@link sendReplay}). */
  | { readonly kind: 'replayed'; readonly answer: Answer; readonly delivery: Delivery };

/**
 * The payment failed, and the caller may serve the request by other means, or send what `refuse` makes. Nothing is consumed.
 * A payment that may be at work, or has executed a `once` route, never yields.
 */
export interface Yielded {
  readonly kind: 'yielded';
  readonly reason: YieldReason;
  /** The refusal with its fresh challenge; `instead` is said in place of what is wrong with the payment. */
  refuse(instead?: Problem): Promise<Answer>;
}

/** An {@link Admission} for a caller who has other means. */
export type Decision = Admission | Yielded;
