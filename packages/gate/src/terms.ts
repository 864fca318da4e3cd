import { amountOutOfBounds, nameOutOfBounds } from '@farebox/ledger';
import type { Offer, Problem } from '@farebox/protocol';

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
  /** The prices, one per way of paying ({@link checkTerms}). At least one. A credential of a method that is not among them is refused. */
  readonly offers: readonly Offer[];
  /**
   * The prices of this very request, where they depend on it: offers of the methods that `offers` names. Asked for each
   * challenge, and never for a paid request: what a challenge was issued for is honoured until it expires. Throws
   * {@link Unpriced} for a request that it cannot read, `MethodUnavailable` when no price can be told now; an empty list is
   * the same. It is shown no header fields: whoever prices by the body checks `Content-Type` and `Content-Encoding` in front
   * of the gate.
   */
  readonly offersFor?: ((request: PricedRequest) => readonly Offer[]) | undefined;
  readonly effect: Effect;
  /**
   * Which answers of the upstream are charged for. `success` (default): 2xx only, anything else leaves a credit.
   * `any-response`: every whole answer that the upstream gives, but for those that say it did not serve (402, 502, 503, 504).
   */
  readonly chargeOn?: 'success' | 'any-response' | undefined;
  /**
   * What happens to a `once` request whose outcome is unknown. `hold` (default): nothing, until a person resolves it.
   * `ask-again`: the same credential asks the upstream again with the same `Idempotency-Key`, which it must honour.
   */
  readonly onUnknown?: 'hold' | 'ask-again' | undefined;
}

/**
 * Throws a TypeError for terms on which nothing can be sold: what the ledger would refuse, which it would do only when the
 * money has moved, and what {@link checkWays} refuses.
 */
export function checkTerms({ route, offers }: Pick<Terms, 'route' | 'offers'>): void {
  for (const { method, intent, price } of offers) {
    const names = [route, method, intent, price.currency];
    const reason =
      amountOutOfBounds(price.amount) ?? names.map(nameOutOfBounds).find((fault) => fault !== undefined);
    if (reason !== undefined)
      throw new TypeError(
        `The ledger cannot book what this offer sells (${reason}); change its route or its price.`,
      );
  }
  checkWays(offers);
}

/**
 * Throws a TypeError where two offers are one way of paying. Each would be quoted, so that one grant of the mint budget
 * cost the node two invoices, and the buyer would have nothing to choose by. Over Lightning there is one invoice,
 * whatever its price was written in; of Tempo each token is a way of its own.
 */
function checkWays(offers: readonly Offer[]): void {
  if (offers.length < 2) return;
  const ways = offers.map(({ method, intent, price }) =>
    method === 'lightning' ? `${method}/${intent}` : `${method}/${intent} ${price.currency}`,
  );
  if (new Set(ways).size === ways.length) return;
  throw new TypeError('The offers name one way of paying twice; keep one of them.');
}

/** What a price may depend on. The challenge is bound to all of it but the client. */
export type PricedRequest = Pick<GateRequest, 'method' | 'path' | 'query' | 'body' | 'client'>;

/** A request whose price cannot be told because of what it says. The message tells its sender what to do. */
export class Unpriced extends Error {
  override readonly name = 'Unpriced';
  readonly code = 'request_unpriced';
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
  /**
   * Who asks, for the mint budget: an address that the client cannot choose freely, IPv6 by its /64. Nobody's payment
   * depends on it.
   */
  readonly client?: string | undefined;
  /**
   * Who alone may use the challenge, where it is not whoever has paid: an account's name, never a secret, of letters, digits
   * and `._~:-`. With another subject, or none, a credential is refused as one of another resource and stays good.
   */
  readonly subject?: string | undefined;
  /**
   * What is said instead of `payment-required` to a request without a payment, because something else is wrong with it too:
   * 401 for a bad API key, 429 for one over its limit. The challenges come with it all the same, for who would rather pay.
   */
  readonly instead?: Problem | undefined;
}

/** The effect that a request method has by RFC 9110 §9.2, unless a route says otherwise. */
export function defaultEffect(method: string): Effect {
  if (method === 'GET' || method === 'HEAD') return 'safe';
  return method === 'PUT' || method === 'DELETE' ? 'idempotent' : 'once';
}
