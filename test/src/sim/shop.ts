import type { GateRequest, Terms } from '@farebox/gate';
import type { Challenge } from '@farebox/protocol';

/** The realm and the secret of every simulated shop. */
export const realm = 'https://sim.example';
export const secret = 'a secret of the simulator, long enough to sign';

const selling = (route: string, effect: Terms['effect'], amount: bigint): Terms => ({
  route,
  effect,
  offers: [{ method: 'lightning', intent: 'charge', price: { amount, currency: 'sat' } }],
});

/** What is for sale: a route per effect, and one that is asked again. The prices differ, so that mixing them up shows in the sums. */
export const routes = {
  safe: { method: 'GET', terms: selling('GET /safe/*', 'safe', 3n) },
  idempotent: { method: 'PUT', terms: selling('PUT /idempotent/*', 'idempotent', 5n) },
  once: { method: 'POST', terms: selling('POST /once/*', 'once', 7n) },
  again: {
    method: 'POST',
    terms: { ...selling('POST /again/*', 'once', 11n), onUnknown: 'ask-again' },
  },
} as const;
export type RouteName = keyof typeof routes;
export const routeNames = ['safe', 'idempotent', 'once', 'again'] as const;

/** True for routes whose upstream may act once only. That of `again` knows a repeated `Idempotency-Key` by itself. */
export function isOnce(route: RouteName): boolean {
  return route === 'once' || route === 'again';
}

/** Something that a buyer wants, has paid for, or has got. */
export interface Purchase {
  readonly number: number;
  readonly route: RouteName;
  /** The client sends it with every request. */
  readonly idempotencyKey: string | undefined;
  challenge: Challenge | undefined;
  /** The payment hash that it is to be paid with. */
  reference: string;
  /** The buyer's proof; empty until paid. */
  preimage: string;
  /** Whole answers that the buyer has got. */
  served: number;
}

/** The request of a purchase, without a credential. */
export function requestOf({
  number,
  route,
  idempotencyKey,
}: Pick<Purchase, 'number' | 'route' | 'idempotencyKey'>): GateRequest {
  const target = { method: routes[route].method, path: `/${route}/${number}`, query: `n=${number}` };
  const body = route === 'safe' ? undefined : Buffer.from(`{"n":${number}}`);
  return { ...target, credentials: [], idempotencyKey, ...(body === undefined ? {} : { body }) };
}
