import type { KeyType } from './account.js';
import type { KeyGrant } from './key-authorization.js';

/**
 * Gas of a payment, computed and not asked for: an estimate costs a round trip, and not every node's estimate looks
 * at the calls. Measured on the chain's own execution code (hardfork T4); new state is dear there (TIP-1000), 250,000
 * a slot. Each figure has a margin; gas that is not used is not paid for.
 */
const gas = {
  base: 45_000n,
  /** A transfer to somebody who holds the token. */
  transfer: 27_000n,
  /** A transfer to somebody who does not hold it yet. */
  transferToNewHolder: 285_000n,
  p256: 8_000n,
  accessKey: 25_000n,
  /** Checking a key's scopes: for each recipient that they list, at worst. */
  scoped: 40_000n,
  keychainCall: 320_000n,
  /** The first limit of a token, or one that was used up: two new slots. */
  limitCall: 560_000n,
  newKey: 530_000n,
  limit: 505_000n,
  scoping: 260_000n,
  scopeList: 255_000n,
  scopeEntry: 512_000n,
} as const;

/** What the gas of a transaction depends on. */
export interface GasQuestion {
  /** For each transfer, whether its recipient holds the token already. */
  readonly holders: readonly boolean[];
  readonly keyType: KeyType;
  readonly accessKey: boolean;
  readonly scoped: boolean;
  /** The permission that the transaction carries. */
  readonly grant?: KeyGrant;
}

/** Enough gas for a payment. */
export function paymentGas(question: GasQuestion): bigint {
  const { holders, keyType, accessKey, scoped, grant } = question;
  let sum: bigint = gas.base;
  for (const holds of holders) sum += holds ? gas.transfer : gas.transferToNewHolder;
  if (keyType === 'p256') sum += gas.p256;
  if (accessKey) sum += gas.accessKey;
  if (scoped) sum += gas.scoped * BigInt(holders.length);
  if (grant) sum += grantGas(grant);
  return sum;
}

/** Enough gas for registering a key. */
export function grantGas({ limits, scopes }: KeyGrant): bigint {
  let sum = gas.newKey + gas.limit * BigInt(limits.length);
  if (scopes === undefined) return sum;
  sum += gas.scoping;
  if (scopes.length > 0) sum += gas.scopeList;
  for (const { selectors } of scopes) {
    sum += gas.scopeEntry;
    if (selectors.length > 0) sum += gas.scopeList;
    for (const { recipients } of selectors) {
      sum += gas.scopeEntry;
      if (recipients.length > 0) sum += gas.scopeList + gas.scopeEntry * BigInt(recipients.length);
    }
  }
  return sum;
}

/** Enough gas for taking a key's permission away. */
export const revokeGas = gas.base + gas.keychainCall;

/** Enough gas for giving a registered key so many limits. */
export function limitCallsGas(count: number): bigint {
  return gas.base + gas.limitCall * BigInt(count);
}
