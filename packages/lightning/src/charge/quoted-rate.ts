import { type JsonObject, type JsonValue, parseTimestamp, type QuotedRate } from '@farebox/protocol';

/*
 * The rate of a price that was set in another currency stands in the challenge, so that the books can name it without
 * anybody keeping it: clients echo the request as it is, and the challenge's id is a MAC over it.
 *
 * It is a member of `methodDetails`, which is where a method's own members belong (draft-payment-intent-charge-00,
 * "Method Extensions"); clients must ignore those that they do not know (draft-httpauth-payment-00, "Core Protocol").
 */

const decimalForm = /^[0-9]{1,24}(?:\.[0-9]{1,24})?$/;
const currencyForm = /^[A-Za-z0-9-]{1,24}$/;

/** A rate as the member `quotedRate` of a charge's `methodDetails`. */
export function writeQuotedRate({ price, currency, rate, unit, asOfMs }: QuotedRate): JsonObject {
  return { asOf: new Date(asOfMs).toISOString(), currency, price, rate, unit };
}

/** Reads such a member; undefined when there is none, or none that can be read: nothing is decided by it. */
export function readQuotedRate(value: JsonValue | undefined): QuotedRate | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { price, currency, rate, unit, asOf } = value;
  if (typeof price !== 'string' || typeof rate !== 'string' || typeof currency !== 'string') return undefined;
  if (typeof unit !== 'string' || typeof asOf !== 'string') return undefined;
  if (!decimalForm.test(price) || !decimalForm.test(rate)) return undefined;
  if (!currencyForm.test(currency) || !currencyForm.test(unit)) return undefined;
  const asOfMs = parseTimestamp(asOf);
  return asOfMs === undefined ? undefined : { price, currency, rate, unit, asOfMs };
}
