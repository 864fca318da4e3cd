const satsPerBitcoinDecimals = 8;
const satsMax = 21_000_000n * 100_000_000n;
const decimalCharsMax = 40;
const exponentDigitsMax = 2;

/**
 * Converts a decimal number of bitcoin, as written in JSON, to satoshis. It works on the text, so no float is ever involved:
 * Bitcoin Core writes `0.00000001`, other servers may write `1e-8`, and both are one satoshi.
 *
 * Digits beyond the eighth decimal are rounded half up; they can only come from a server that printed a float.
 *
 * @param text a JSON number, in bitcoin
 * @returns satoshis, or `undefined` when the text is no such number, is negative, or is above 21 million bitcoin
 * @example
 * ```ts
 * import { bitcoinToSats } from '@farebox/example-bitcoin-api';
 * bitcoinToSats('0.29000000'); // 29_000_000n, where 0.29 * 1e8 would be 28_999_999.999…
 * ```
 */
export function bitcoinToSats(text: string): bigint | undefined {
  if (text.length > decimalCharsMax) return undefined;
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  if (exponentText.replace(/^[+-]/, '').length > exponentDigitsMax) return undefined;
  const digits = BigInt(whole + fraction);
  const shift = Number(exponentText) - fraction.length + satsPerBitcoinDecimals;
  const sats = shift >= 0 ? digits * 10n ** BigInt(shift) : roundedQuotient(digits, 10n ** BigInt(-shift));
  if (sats > satsMax || (sign === '-' && sats !== 0n)) return undefined;
  return sats;
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  return (dividend * 2n + divisor) / (divisor * 2n);
}
