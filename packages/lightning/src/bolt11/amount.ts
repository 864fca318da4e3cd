import { type Result, refuse } from '@farebox/protocol';

/** All the bitcoin there will ever be, in millisatoshis. */
export const amountMsatMax = 2_100_000_000_000_000_000n;

const amountDigitsMax = 20;
const shape = /^([1-9][0-9]*)([munp]?)$/;

/** Millisatoshis in one unit of each multiplier; `p` is a tenth of one and is handled apart. */
const msatPerUnit = { '': 100_000_000_000n, m: 100_000_000n, u: 100_000n, n: 100n } as const;

const malformed = 'amount_malformed';

function scaled(digits: string, multiplier: string): bigint {
  const units = BigInt(digits);
  if (multiplier === 'p') return units / 10n;
  if (multiplier === 'm' || multiplier === 'u' || multiplier === 'n') return units * msatPerUnit[multiplier];
  return units * msatPerUnit[''];
}

/**
 * Reads the amount of a human-readable part, e.g. `2500u` (BOLT 11, "Human-Readable Part"): positive, no leading
 * zero, one of the multipliers m, u, n, p or none; `p` must end in 0. Code: `amount_malformed`.
 */
export function readAmount(text: string): Result<bigint> {
  const match = shape.exec(text);
  const digits = match?.[1];
  const multiplier = match?.[2];
  if (digits === undefined || multiplier === undefined) {
    return refuse(
      malformed,
      'The amount must be a positive whole number without leading zeros, then m, u, n, p or nothing',
    );
  }
  if (digits.length > amountDigitsMax) return refuse(malformed, 'The amount is larger than all bitcoin');
  if (multiplier === 'p' && !digits.endsWith('0'))
    return refuse(malformed, 'The amount is not a whole number of millisatoshis');
  const amountMsat = scaled(digits, multiplier);
  if (amountMsat > amountMsatMax) return refuse(malformed, 'The amount is larger than all bitcoin');
  return { ok: true, value: amountMsat };
}

/**
 * Writes an amount with the largest multiplier that holds it exactly, as BOLT 11 recommends. The caller has
 * checked that it is from 1 to {@link amountMsatMax}.
 */
export function writeAmount(amountMsat: bigint): string {
  for (const multiplier of ['', 'm', 'u', 'n'] as const) {
    const unit = msatPerUnit[multiplier];
    if (amountMsat % unit === 0n) return `${amountMsat / unit}${multiplier}`;
  }
  return `${amountMsat * 10n}p`;
}
