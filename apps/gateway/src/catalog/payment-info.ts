import type { Offer } from '@farebox/protocol';
import type { RouteConfig } from '../config/config.js';
import {
  isDynamic,
  offerInWords,
  type PriceNames,
  priceWords,
  rangeInWords,
  sameWay,
} from './price-words.js';

/** One payment offer of draft-payment-discovery-00 §"Payment Offer Object". It has no other members. */
export interface PaymentOffer {
  readonly intent: string;
  readonly method: string;
  /** Base units; null where it depends on the request or on the moment. */
  readonly amount: string | null;
  readonly currency: string;
  readonly description: string;
}

/** `x-payment-info` of draft-payment-discovery-00, in its multi-offer form. */
export interface PaymentInfo {
  readonly offers: readonly PaymentOffer[];
}

/** Longest description of an offer, in characters: a price table may have a hundred rows, which the pages list. */
export const offerDescriptionCharsMax = 300;

/** What a route costs, for its operations. Undefined for a free route. `note` stands after each description. */
export function paymentInfo(
  route: Pick<RouteConfig, 'offers' | 'priceRows'>,
  names: PriceNames,
  note?: string,
): PaymentInfo | undefined {
  if (route.offers.length === 0) return undefined;
  const rows = priceWords(route.offers, route.priceRows, names).rows;
  return {
    offers: route.offers.map((offer) => {
      const all = [offer, ...sameWay(offer, route.priceRows)];
      const fixed =
        all.every(({ price }) => price.amount === offer.price.amount) && all.length === rows.length + 1;
      const known = fixed && !all.some(isDynamic);
      const words = fixed ? offerInWords(offer, names) : rangeInWords(all, names);
      return {
        intent: offer.intent,
        method: offer.method,
        amount: known ? offer.price.amount.toString() : null,
        currency: currencyOf(offer),
        description: bounded(
          [rows.length === 0 ? words : `${words}, by request: ${tableText(rows)}`, note]
            .filter(Boolean)
            .join('; '),
        ),
      };
    }),
  };
}

/** What is really asked for: a price in another currency is paid in satoshis. */
function currencyOf(offer: Offer): string {
  return isDynamic(offer) ? 'sat' : offer.price.currency;
}

function tableText(rows: readonly { readonly when: string; readonly price: string }[]): string {
  return rows.map(({ when, price }) => `${price} where ${when}`).join('; ');
}

function bounded(text: string): string {
  return text.length <= offerDescriptionCharsMax ? text : `${text.slice(0, offerDescriptionCharsMax - 1)}…`;
}
