/** One entry of an `Accept-Payment` header. */
export interface PaymentRange {
  /** Payment method identifier, or `*`. */
  readonly method: string;
  /** Payment intent, or `*`. */
  readonly intent: string;
  /** From 0 (do not use) to 1, at most three decimals. */
  readonly weight: number;
}

/** Most characters of an `Accept-Payment` field value. */
export const acceptPaymentCharsMax = 8 * 1024;
/** Most entries of an `Accept-Payment` field value. */
export const paymentRangesMax = 64;

const rangeForm =
  /^[ \t]*([a-z]+|\*)\/([A-Za-z0-9-]+|\*)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/;
const blank = /^[ \t]*$/;

/**
 * Reads an `Accept-Payment` header (draft-httpauth-payment-00 §"Client Payment Preferences"; weights as in RFC 9110
 * §12.4.2). Empty list elements are allowed and ignored.
 *
 * @param value - The field value; several of them joined by commas.
 * @returns The ranges in the order of the wire, or `undefined` when the header is malformed or too long. A server may
 *   then ignore it.
 *
 * @example
 * ```ts
 * import { parseAcceptPayment } from '@farebox/protocol';
 *
 * parseAcceptPayment('lightning/charge, tempo/*;q=0.5');
 * // [{ method: 'lightning', intent: 'charge', weight: 1 }, { method: 'tempo', intent: '*', weight: 0.5 }]
 * ```
 */
export function parseAcceptPayment(value: string): PaymentRange[] | undefined {
  if (value.length > acceptPaymentCharsMax) return undefined;
  const ranges: PaymentRange[] = [];
  for (const element of value.split(',')) {
    if (blank.test(element)) continue;
    const parts = rangeForm.exec(element);
    if (parts === null || ranges.length === paymentRangesMax) return undefined;
    const [, method = '', intent = '', weight = '1'] = parts;
    ranges.push({ method, intent, weight: Number(weight) });
  }
  return ranges;
}

/**
 * Filters and orders offers by a client's preferences: those whose most specific range has a weight above zero, by
 * descending weight, ties in the server's order. `method/intent` is more specific than `method/*`, that than
 * `*\/intent`, and that than `*\/*`; of two equal ranges the first counts.
 *
 * When nothing is left, the header is ignored and every offer comes back in the server's order, as the specification
 * allows: a 402 must carry a challenge, and what the client can pay is still the client's decision.
 *
 * @example
 * ```ts
 * import { parseAcceptPayment, rankOffers } from '@farebox/protocol';
 *
 * const offers = [{ method: 'tempo', intent: 'charge' }, { method: 'lightning', intent: 'charge' }];
 * rankOffers(offers, parseAcceptPayment('lightning/*, tempo/*;q=0.2') ?? []); // lightning first
 * ```
 */
export function rankOffers<T extends { readonly method: string; readonly intent: string }>(
  offers: readonly T[],
  ranges: readonly PaymentRange[],
): T[] {
  const weighed = offers
    .map((offer) => ({ offer, weight: weigh(offer, ranges) }))
    .filter(({ weight }) => weight > 0);
  if (weighed.length === 0) return [...offers];
  // sort() is stable: equal weights keep the server's order.
  return weighed.sort((a, b) => b.weight - a.weight).map(({ offer }) => offer);
}

function weigh(
  offer: { readonly method: string; readonly intent: string },
  ranges: readonly PaymentRange[],
): number {
  let best = -1;
  let weight = 0;
  for (const range of ranges) {
    const named = range.method === offer.method;
    const exact = range.intent === offer.intent;
    if ((!named && range.method !== '*') || (!exact && range.intent !== '*')) continue;
    const specificity = (named ? 2 : 0) + (exact ? 1 : 0);
    if (specificity <= best) continue;
    best = specificity;
    weight = range.weight;
  }
  return weight;
}
