import type { Amount } from '@farebox/protocol';
import { exceeds, type Limit, limitIn, type PaymentLimits } from '../limits.js';

/** What a caller asks for itself. */
export interface AskedLimits {
  readonly max?: Amount | undefined;
  readonly maxFee?: Amount | undefined;
}

/**
 * The lower of what is allowed and what is asked for. An amount above the ceiling changes nothing: who talks to a tool can
 * make its limits tighter and never wider. Where there is no ceiling, and for fees where it does not name the currency, the
 * wallet's own policy is one, below.
 */
export function lowerLimits(ceiling: Partial<PaymentLimits>, asked: AskedLimits): Partial<PaymentLimits> {
  const max = asked.max === undefined ? ceiling.max : only(ceiling.max, asked.max);
  const maxFee = asked.maxFee === undefined ? ceiling.maxFee : lower(ceiling.maxFee, asked.maxFee);
  return { ...(max !== undefined && { max }), ...(maxFee !== undefined && { maxFee }) };
}

/** A maximum names the currency that may be spent at all: the others are out. */
function only(ceiling: Limit | undefined, asked: Amount): Limit {
  if (ceiling === undefined) return asked;
  const allowed = limitIn(ceiling, asked.currency);
  if (allowed === undefined) return [];
  return exceeds(asked, allowed) === false ? asked : allowed;
}

/** A fee limit leaves those in other currencies as they are, and counts where there is none in its own. */
function lower(ceiling: Limit | undefined, asked: Amount): Limit {
  if (ceiling === undefined) return asked;
  if (limitIn(ceiling, asked.currency) === undefined) return [ceiling, asked].flat();
  return [ceiling].flat().map((limit) => (exceeds(asked, limit) === false ? asked : limit));
}
