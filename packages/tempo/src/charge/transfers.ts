import type { Address, Hex } from '../chain/hex.js';
import type { TempoChargeRequest } from './request.js';

/** A transfer of the charge's token that a payment must contain. */
export interface ExpectedTransfer {
  readonly recipient: Address;
  /** Base units of the token. */
  readonly amount: bigint;
  /** Exactly this memo; undefined where the draft leaves it free. */
  readonly memo?: Hex;
}

/**
 * What must be transferred for a charge: the rest to the primary recipient first, then the splits in their order
 * (draft-tempo-charge-00, "Semantics"). The first one's memo is the request's own, or the caller's to choose.
 */
export function expectedTransfers(
  charge: TempoChargeRequest,
): readonly [ExpectedTransfer, ...ExpectedTransfer[]] {
  const toOthers = charge.splits.reduce((sum, split) => sum + split.amount, 0n);
  const primary: ExpectedTransfer = {
    recipient: charge.recipient,
    amount: charge.amount - toOthers,
    ...(charge.memo === undefined ? undefined : { memo: charge.memo }),
  };
  return [primary, ...charge.splits];
}
