import type { Amount, PayLimits, Result } from '@farebox/protocol';
import { refuse } from '@farebox/protocol';
import { showUnits } from '../accounts/show-units.js';
import { type Address, readAddress } from '../chain/hex.js';
import type { TempoInspection } from './inspect.js';

/** True when an amount is of this token; its currency is the token's address, in any notation. */
export function isOfToken({ currency }: Amount, token: Address): boolean {
  return readAddress(currency) === token;
}

/**
 * Holds a charge against what the caller allows. The fee is held against its limit when it can be computed.
 *
 * Codes: `limit_malformed`, `amount_above_limit`, `deadline_passed`.
 *
 * @returns Until when to try, milliseconds since the epoch.
 */
export function checkPayLimits(
  limits: PayLimits,
  inspection: TempoInspection,
  nowMs: number,
): Result<number> {
  const { price } = inspection;
  const token = readAddress(price.currency);
  const { maxAmount, maxFee } = limits;
  if (maxAmount.amount < 0n || maxFee.amount < 0n) {
    return refuse('limit_malformed', 'The limits of a payment must not be negative');
  }
  if (token === undefined || !isOfToken(maxAmount, token)) {
    return refuse(
      'limit_malformed',
      `The limit of this payment must be in the token it is paid with, ${token}`,
    );
  }
  if (price.amount > maxAmount.amount) {
    return refuse(
      'amount_above_limit',
      `The charge is for ${showUnits(price.amount, token)}, the limit is ${showUnits(maxAmount.amount, token)}`,
    );
  }
  const untilMs = Math.min(limits.deadlineMs, inspection.expiresMs);
  // Written so that a deadline that is no number is refused too.
  if (!(untilMs > nowMs)) return refuse('deadline_passed', 'The deadline has passed');
  return { ok: true, value: untilMs };
}
