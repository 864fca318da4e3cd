import type { Amount, PayLimits, Result } from '@farebox/protocol';
import { refuse } from '@farebox/protocol';

/** Longest that a node is told to try, milliseconds. */
export const paymentTimeoutMsMax = 600_000;

/** Millisatoshis of an amount in `sat` or `msat`; undefined for another currency or a negative amount. */
export function toMsat(amount: Amount): bigint | undefined {
  if (amount.amount < 0n) return undefined;
  if (amount.currency === 'msat') return amount.amount;
  return amount.currency === 'sat' ? amount.amount * 1_000n : undefined;
}

/** What a node may be asked for, within the limits. */
export interface Allowance {
  readonly maxFeeMsat: bigint;
  readonly timeoutMs: number;
}

/**
 * Holds a payment of `amountMsat` that expires at `expiresMs` against what the caller allows.
 * Codes: `limit_malformed`, `amount_above_limit`, `deadline_passed`.
 */
export function checkLimits(
  limits: PayLimits,
  amountMsat: bigint,
  expiresMs: number,
  nowMs: number,
): Result<Allowance> {
  const maxAmountMsat = toMsat(limits.maxAmount);
  const maxFeeMsat = toMsat(limits.maxFee);
  if (maxAmountMsat === undefined || maxFeeMsat === undefined) {
    return refuse('limit_malformed', 'The limits of a lightning payment must be amounts of "sat" or "msat"');
  }
  if (amountMsat > maxAmountMsat) {
    return refuse(
      'amount_above_limit',
      `The invoice is for ${amountMsat} msat, the limit is ${maxAmountMsat} msat`,
    );
  }
  const timeoutMs = Math.floor(Math.min(limits.deadlineMs, expiresMs) - nowMs);
  // Written so that a deadline that is no number is refused too.
  if (!(timeoutMs > 0)) return refuse('deadline_passed', 'The deadline has passed');
  return { ok: true, value: { maxFeeMsat, timeoutMs: Math.min(timeoutMs, paymentTimeoutMsMax) } };
}
