import type { Amount } from '@farebox/protocol';
import type { Decimal } from './decimal.js';

/** Digits after the point that a price in a currency may have: it is kept in millionths. */
export const fiatDecimals = 6;
const satPerBtc = 100_000_000n;
const millionth = 'micro-';

/** An amount of millionths of a currency, such as `USD`. */
export function fiatAmount(currency: string, millionths: bigint): Amount {
  return { amount: millionths, currency: millionth + currency };
}

/** The currency of a {@link fiatAmount}; undefined for another amount. */
export function fiatCurrency({ currency }: Amount): string | undefined {
  return currency.startsWith(millionth) ? currency.slice(millionth.length) : undefined;
}

/** Satoshis for an amount of millionths, at a price of one bitcoin; rounded up, so that nothing is sold for less. */
export function satFor(millionths: bigint, perBtc: Decimal): bigint {
  const dividend = millionths * satPerBtc * 10n ** BigInt(perBtc.scale);
  const divisor = perBtc.units * 10n ** BigInt(fiatDecimals);
  return (dividend + divisor - 1n) / divisor;
}
