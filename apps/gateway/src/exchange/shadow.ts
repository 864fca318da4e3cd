import type { Terms } from '@farebox/gate';
import type { Offer } from '@farebox/protocol';
import type { Route } from '../route/table.js';
import { passThrough } from './pass.js';
import type { HandlerParts, Visit } from './visit.js';

/** Says on the answer to a request with a credential that the credential was not looked at. */
const UNUSED: readonly string[] = ['Farebox-Payment', 'ignored; reason=shadow'];

/**
 * A route in shadow mode: the request passes as on a free route, and what it would have been charged is counted.
 *
 * A credential that comes with it is neither checked nor used up: nothing is being sold, so nobody may be charged, and the
 * same credential buys its answer once the route is sold again. The answer says so in `Farebox-Payment`.
 *
 * Bodies are not held here, or shadow mode would slow down what it measures; a price that depends on the body is counted as
 * the route's own.
 */
export function passInShadow(parts: HandlerParts, visit: Visit, route: Route, terms: Terms): void {
  const { method = '' } = visit.request;
  const offers = offersOf(terms, { method, path: visit.path, query: visit.query });
  passThrough(parts, visit, route, {
    ...(visit.fields.credentials.length > 0 ? { fields: UNUSED } : {}),
    onAnswer: (status) => {
      // As the gate would have charged: see `Delivery.charges`.
      const charged =
        (status >= 200 && status < 300) ||
        (terms.chargeOn === 'any-response' && status >= 300 && status < 502);
      if (!charged) return;
      parts.meter.wouldCharge(route.name, offers);
      if (parts.logger.isLevelEnabled('debug')) {
        const prices = offers.map(({ price }) => `${price.amount} ${price.currency}`);
        parts.logger.debug({ route: route.name, prices }, 'shadow: would have been charged');
      }
    },
  });
}

function offersOf(
  terms: Terms,
  request: { readonly method: string; readonly path: string; readonly query: string },
): readonly Offer[] {
  if (terms.offersFor === undefined) return terms.offers;
  try {
    return terms.offersFor({ ...request, client: undefined });
  } catch {
    // A request that could not be priced would have been refused; for the measure it is the ordinary price.
    return terms.offers;
  }
}
