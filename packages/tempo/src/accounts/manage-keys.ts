import { type Result, refuse } from '@farebox/protocol';
import { encodeFunctionData } from 'viem';
import { Abis } from 'viem/tempo';
import type { TempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import { grantGas, limitCallsGas, paymentGas, revokeGas } from './gas.js';
import type { KeyAuthorization } from './key-authorization.js';
import { findRegistrations } from './key-logs.js';
import type { KeyState } from './key-state.js';
import { type KeyChange, type RootAction, sendAsRoot } from './send-as-root.js';
import { keychain, readSnapshot } from './snapshot.js';

/** Tokens whose limits are read of one key. */
export const tokensMax = 32;

/**
 * Registers an access key at once, in a transaction of the root account's own: then no payment has to carry the
 * permission, and sellers who pay the fees can be paid from the first time on. For who has the root key at hand.
 *
 * Codes: those of {@link sendAsRoot}, `chain_mismatch`.
 */
export async function registerKey(
  action: RootAction,
  authorization: KeyAuthorization,
): Promise<Result<KeyChange>> {
  const { grant, signed } = authorization;
  if (grant.chainId !== action.chainId) {
    return refuse(
      'chain_mismatch',
      `The permission is for the chain ${grant.chainId}, not for ${action.chainId}`,
    );
  }
  // A transaction must call something: asking for the key's own record changes nothing.
  const data = encodeFunctionData({
    abi: Abis.accountKeychain,
    functionName: 'getKey',
    args: [action.root.address, grant.key.address],
  });
  const own = paymentGas({ holders: [true], keyType: action.root.keyType, accessKey: false, scoped: false });
  return sendAsRoot(action, {
    calls: [{ to: keychain, data }],
    gas: own + grantGas(grant),
    keyAuthorization: signed,
  });
}

/**
 * Gives a registered access key other limits: what it may spend from now on. A periodic limit stays periodic. Its
 * expiry and whom it may pay stay as they are.
 *
 * Codes: those of {@link sendAsRoot}; the chain takes it back for a key that is not registered, revoked or expired.
 */
export async function setKeyLimits(
  action: RootAction,
  keyAddress: Address,
  limits: readonly { readonly token: Address; readonly limit: bigint }[],
): Promise<Result<KeyChange>> {
  const calls = limits.map(({ token, limit }) => ({
    to: keychain,
    data: encodeFunctionData({
      abi: Abis.accountKeychain,
      functionName: 'updateSpendingLimit',
      args: [keyAddress, token, limit],
    }),
  }));
  return sendAsRoot(action, { calls, gas: limitCallsGas(limits.length) });
}

/**
 * Takes an access key's permission away, for good: the same key can never be registered again for that account.
 *
 * Codes: those of {@link sendAsRoot}.
 */
export async function revokeKey(action: RootAction, keyAddress: Address): Promise<Result<KeyChange>> {
  const data = encodeFunctionData({
    abi: Abis.accountKeychain,
    functionName: 'revokeKey',
    args: [keyAddress],
  });
  return sendAsRoot(action, { calls: [{ to: keychain, data }], gas: revokeGas });
}

/** One access key of an account. */
export interface ListedKey {
  readonly keyAddress: Address;
  readonly state: KeyState;
  /** True when it is registered and has expired by the chain's clock. */
  readonly expired: boolean;
}

/** Where {@link listKeys} looks. */
export interface ListKeysOptions {
  /** The tokens whose limits are wanted, at most {@link tokensMax}. */
  readonly tokens: readonly Address[];
  /** Oldest block that is searched for registrations; 0 when left out. */
  readonly fromBlock?: bigint;
}

/** The access keys of an account, as far as they were searched for. */
export interface KeyList {
  /** At most {@link listedKeysMax}, those that were registered last first. */
  readonly keys: readonly ListedKey[];
  /** The oldest block that was searched. */
  readonly fromBlock: bigint;
  /** False when there may be older keys that are not listed. */
  readonly complete: boolean;
}

/** Most keys that {@link listKeys} asks about: each is a question of its own. */
export const listedKeysMax = 100;

/**
 * The access keys that an account has had lately, with what the chain says of them now. Needs no key. The search is bounded
 * (`key-logs.ts`); a key that is known by its address is better asked for by {@link readKey}.
 *
 * @throws TempoRpcError
 */
export async function listKeys(
  chain: TempoChain,
  account: Address,
  options: ListKeysOptions,
): Promise<KeyList> {
  const found = await findRegistrations(chain, account, options.fromBlock ?? 0n);
  const wanted = found.keyAddresses.slice(0, listedKeysMax);
  const keys: ListedKey[] = [];
  for (const keyAddress of wanted) {
    const { state, timeS } = await readKey(chain, account, keyAddress, options.tokens);
    keys.push({ keyAddress, state, expired: state.status === 'registered' && state.expiresS <= timeS });
  }
  const complete = found.complete && wanted.length === found.keyAddresses.length;
  return { keys, fromBlock: found.fromBlock, complete };
}

/**
 * What the chain says of one access key, and the chain's clock (seconds since the epoch) beside it. Needs no key.
 *
 * @throws TempoRpcError
 */
export async function readKey(
  chain: TempoChain,
  account: Address,
  keyAddress: Address,
  tokens: readonly Address[],
): Promise<{ readonly state: KeyState; readonly timeS: number }> {
  const key = { account, keyAddress, tokens: tokens.slice(0, tokensMax) };
  const snapshot = await readSnapshot(chain, { key });
  return { state: snapshot.key ?? { status: 'missing' }, timeS: snapshot.timeS };
}

/** A token and how much of it an account has, base units. */
export interface TokenBalance {
  readonly token: Address;
  readonly balance: bigint;
}

/**
 * What an account has. Needs no key.
 *
 * @throws TempoRpcError
 */
export async function readBalances(
  chain: TempoChain,
  account: Address,
  tokens: readonly Address[],
): Promise<readonly TokenBalance[]> {
  const { balances } = await readSnapshot(chain, {
    balances: tokens.map((token) => ({ token, holder: account })),
  });
  return tokens.map((token, index) => ({ token, balance: balances[index] ?? 0n }));
}
