import type { Address } from '../chain/hex.js';
import { transferWithMemoSelector } from '../charge/transfer-match.js';
import type { TransactionCall } from '../transaction/decode.js';

/**
 * What a sponsored payment really uses, measured on the chain's own execution code (hardfork T4) and rounded up by less
 * than one in a hundred: with less it is mined, reverts, and the sponsor pays. Clients sign what their node estimates and
 * little more, so it must not be generous either, as a payer's own limit (`accounts/gas.ts`) is.
 */
const gas = {
  base: 44_700n,
  transfer: 17_400n,
  transferToNewHolder: 264_650n,
  /** For each transfer after the first, whose memo is in the base. */
  memo: 2_700n,
  p256: 5_000n,
  accessKey: 11_800n,
  accessKeyTransfer: 3_000n,
  scoped: 8_000n,
  scopedTransfer: 2_500n,
} as const;

/** What the gas of a sponsored payment depends on. */
export interface LeastGasQuestion {
  /** Its transfers, the primary one first. */
  readonly calls: readonly TransactionCall[];
  /** Whether a recipient holds the token already. */
  readonly holds: (recipient: Address) => boolean;
  readonly keyType: 'secp256k1' | 'p256';
  readonly accessKey: boolean;
  readonly scoped: boolean;
}

/** Who a transfer pays: its first argument. */
export function recipientOf(call: TransactionCall): Address {
  return `0x${call.data.slice(34, 74)}`;
}

/** The gas that a sponsored payment cannot do with less of. */
export function leastGas({ calls, holds, keyType, accessKey, scoped }: LeastGasQuestion): bigint {
  const count = BigInt(calls.length);
  const paid = new Set<Address>();
  let sum: bigint = gas.base;
  for (const call of calls) {
    const recipient = recipientOf(call);
    sum += holds(recipient) || paid.has(recipient) ? gas.transfer : gas.transferToNewHolder;
    if (paid.size > 0 && call.data.startsWith(transferWithMemoSelector)) sum += gas.memo;
    paid.add(recipient);
  }
  if (keyType === 'p256') sum += gas.p256;
  if (accessKey) sum += gas.accessKey + gas.accessKeyTransfer * count;
  if (scoped) sum += gas.scoped + gas.scopedTransfer * count;
  return sum;
}
