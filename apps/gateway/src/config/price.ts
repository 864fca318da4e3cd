import type { Amount } from '@farebox/protocol';

/** How a price is written in `farebox.yaml`: `free`, or whole satoshis as `1 sat` or `1sat`. */
export const PRICE_PATTERN = /^(?:free|[1-9][0-9]{0,8} ?sat)$/;

/** The dearest route that a price can name: one bitcoin. A slip of the keyboard should not sell for more. */
export const priceSatMax = 100_000_000n;

/** A price as written: nothing, or an amount. */
export type Price = { readonly kind: 'free' } | { readonly kind: 'paid'; readonly amount: Amount };

/**
 * Reads a price.
 *
 * @returns undefined when `text` is not a price.
 * @example
 * ```ts
 * import { parsePrice } from '@farebox/gateway';
 * parsePrice('1 sat'); // { kind: 'paid', amount: { amount: 1n, currency: 'sat' } }
 * ```
 */
export function parsePrice(text: string): Price | undefined {
  if (!PRICE_PATTERN.test(text)) return undefined;
  if (text === 'free') return { kind: 'free' };
  const amount = BigInt(text.replace(/ ?sat$/, ''));
  if (amount > priceSatMax) return undefined;
  return { kind: 'paid', amount: { amount, currency: 'sat' } };
}
