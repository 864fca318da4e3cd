import type { Offer } from '@farebox/protocol';

/**
 * What repeating the upstream call does (design: effects).
 *
 * safe        nothing: the upstream may be asked again
 * idempotent  the same as doing it once
 * once        something that must not happen twice: the claim is durable before the upstream is called
 */
export type Effect = 'safe' | 'idempotent' | 'once';

/** On what terms a route is sold. */
export interface Terms {
  /** The route's name in the books, e.g. `GET /v1/bitcoin/*`. */
  readonly route: string;
  /** The prices, one per payment method. At least one. */
  readonly offers: readonly Offer[];
  readonly effect: Effect;
}

/** What the gate has to know of a request. Nothing else of it enters a decision. */
export interface GateRequest {
  readonly method: string;
  /** The path in the one normal form that the router saw too ({@link readTarget}). */
  readonly path: string;
  /** The raw query, without `?`; empty when there is none. */
  readonly query: string;
  /** Every value of the `Authorization` and `Payment-Authorization` fields. */
  readonly credentials: readonly string[];
  /** The `Accept-Payment` field, when there is one. */
  readonly acceptPayment?: string | undefined;
  /** The `Idempotency-Key` field, when there is one. */
  readonly idempotencyKey?: string | undefined;
  /** The bytes of the body, when the request has one. The challenge is bound to their digest. */
  readonly body?: Uint8Array | undefined;
}

/** The effect that a request method has by RFC 9110 §9.2, unless a route says otherwise. */
export function defaultEffect(method: string): Effect {
  if (method === 'GET' || method === 'HEAD') return 'safe';
  return method === 'PUT' || method === 'DELETE' ? 'idempotent' : 'once';
}
