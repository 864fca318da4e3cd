import type { QuotedRate } from '@farebox/protocol';
import { isTime } from './request-bounds.js';

/** Digits of a number in a rate, before the point and after it. */
const decimalForm = /^[0-9]{1,24}(?:\.[0-9]{1,24})?$/;
const unitForm = /^[A-Za-z0-9-]{1,24}$/;

/** Says which field of a rate is out of bounds, or nothing. */
export function rateOutOfBounds(rate: QuotedRate | undefined): string | undefined {
  if (rate === undefined) return undefined;
  if (!decimalForm.test(rate.price) || !decimalForm.test(rate.rate))
    return 'a number of the rate is not 1 to 24 digits, and as many after the point';
  if (!unitForm.test(rate.currency) || !unitForm.test(rate.unit))
    return 'a currency of the rate is not 1 to 24 letters, digits and dashes';
  return isTime(rate.asOfMs) ? undefined : "the rate's time is not whole milliseconds since the epoch";
}

/** A rate as it is stored and travels: JSON; empty for none. */
export function writeRate(rate: QuotedRate | undefined): string {
  if (rate === undefined) return '';
  const { price, currency, rate: number, unit, asOfMs } = rate;
  return JSON.stringify({ price, currency, rate: number, unit, asOfMs });
}

/** Reads a stored rate. Undefined for what is none: it decides nothing, so it makes no claim unreadable. */
export function readRate(stored: unknown): QuotedRate | undefined {
  if (typeof stored !== 'string' || stored === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(stored);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const [price, currency, rate] = [fields.get('price'), fields.get('currency'), fields.get('rate')];
  const [unit, asOfMs] = [fields.get('unit'), fields.get('asOfMs')];
  if (typeof price !== 'string' || typeof currency !== 'string' || typeof rate !== 'string') return undefined;
  if (typeof unit !== 'string' || typeof asOfMs !== 'number') return undefined;
  const read = { price, currency, rate, unit, asOfMs };
  return rateOutOfBounds(read) === undefined ? read : undefined;
}
