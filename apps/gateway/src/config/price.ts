import type { Amount } from '@farebox/protocol';

/**
 * How a price is written in `farebox.yaml`: `free`, whole satoshis as `1 sat` or `1sat`, millisatoshis as `2000 msat`, or an
 * amount of a token under `tempo.tokens` as `0.01 pathUSD`, or of a currency under `rates` as `0.002 USD`.
 */
export const PRICE_PATTERN =
  /^(?:free|[1-9][0-9]{0,8} ?sat|[1-9][0-9]{0,11} ?msat|(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})? [A-Za-z][A-Za-z0-9]{1,20})$/;

/** The dearest route that a price can name: one bitcoin. A slip of the keyboard should not sell for more. */
export const priceSatMax = 100_000_000n;

/** A price as written: nothing, satoshis, millisatoshis that are no whole satoshis, or so much of a token or currency. */
export type Price =
  | { readonly kind: 'free' }
  | { readonly kind: 'sat'; readonly amount: Amount }
  | { readonly kind: 'msat'; readonly amount: Amount }
  | { readonly kind: 'token'; readonly token: string; readonly decimal: string };

/**
 * Reads a price.
 *
 * @returns undefined when `text` is not a price.
 * @example
 * ```ts
 * import { parsePrice } from '@farebox/gateway';
 * parsePrice('1 sat'); // { kind: 'sat', amount: { amount: 1n, currency: 'sat' } }
 * parsePrice('0.01 pathUSD'); // { kind: 'token', token: 'pathUSD', decimal: '0.01' }
 * ```
 */
export function parsePrice(text: string): Price | undefined {
  if (!PRICE_PATTERN.test(text)) return undefined;
  if (text === 'free') return { kind: 'free' };
  if (/^[0-9]+ ?sat$/.test(text)) {
    const amount = BigInt(text.replace(/ ?sat$/, ''));
    return amount < 1n || amount > priceSatMax
      ? undefined
      : { kind: 'sat', amount: { amount, currency: 'sat' } };
  }
  if (/^[0-9]+ ?msat$/.test(text)) {
    const amount = BigInt(text.replace(/ ?msat$/, ''));
    if (amount < 1n || amount > priceSatMax * 1_000n) return undefined;
    return amount % 1_000n === 0n
      ? { kind: 'sat', amount: { amount: amount / 1_000n, currency: 'sat' } }
      : { kind: 'msat', amount: { amount, currency: 'msat' } };
  }
  const [decimal = '', token = ''] = text.split(' ');
  // "0 sat", "1.5 sat": satoshis are whole, and nothing is "free".
  return /^m?sats?$/i.test(token) ? undefined : { kind: 'token', token, decimal };
}

/**
 * Reads a decimal number as base units.
 *
 * @returns undefined when it has more digits after the point than there are decimals
 */
export function baseUnits(decimal: string, decimals: number): bigint | undefined {
  const [whole = '', fraction = ''] = decimal.split('.');
  if (fraction.length > decimals) return undefined;
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
