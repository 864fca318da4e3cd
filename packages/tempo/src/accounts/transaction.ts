import { maxUint256 } from 'viem';
import type { Account } from 'viem/tempo';
import type { Address, Hex } from '../chain/hex.js';

/** One call of a transaction. Never with native value: Tempo has none. */
export interface TransactionCall {
  readonly to: Address;
  readonly data: Hex;
}

/** What viem takes for a signed permission. */
export type SignedAuthorization = Awaited<ReturnType<typeof Account.signKeyAuthorization>>;

/**
 * A Tempo transaction (type 0x76) before it is signed. Always with an expiring nonce (TIP-1009): the chain takes the
 * same bytes once, and none of it after `validBefore`, so that what has not happened by then never will.
 */
export interface PaymentTransaction {
  readonly chainId: number;
  readonly calls: readonly TransactionCall[];
  /** Seconds since the epoch. Valid in blocks that are older than this, at most 30 s ahead of the chain. */
  readonly validBefore: number;
  readonly nonceKey: bigint;
  readonly nonce: number;
  readonly gas: bigint;
  /** Attodollars (10⁻¹⁸ USD) per gas. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** The token that fees are paid in, by the payer. */
  readonly feeToken?: Address;
  /** The seller pays the fees and adds its signature; then there is no `feeToken`. */
  readonly feePayer?: true;
  readonly keyAuthorization?: SignedAuthorization;
}

/** Attodollars in one base unit of a USD token of six decimals. */
export const attodollarsPerUnit = 10n ** 12n;

/** How long after the newest block a signed transaction stays valid, seconds. The chain allows 30 (TIP-1009). */
export const transactionLifeS = 25;

/** The nonce of a transaction that expires instead of being counted (TIP-1009). */
export const expiringNonce = { nonceKey: maxUint256, nonce: 0 } as const;

/** The most that a transaction can cost in fees, base units of the fee token, rounded up as the chain does. */
export function worstFee(gas: bigint, maxFeePerGas: bigint): bigint {
  return (gas * maxFeePerGas + attodollarsPerUnit - 1n) / attodollarsPerUnit;
}
