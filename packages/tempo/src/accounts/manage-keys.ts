import { type Result, refuse } from '@farebox/protocol';
import { encodeFunctionData, getAbiItem, toEventSelector } from 'viem';
import { Abis } from 'viem/tempo';
import type { TempoChain } from '../chain/chain.js';
import { type Address, readAddress } from '../chain/hex.js';
import { grantGas, keychainCallGas, paymentGas } from './gas.js';
import type { KeyAuthorization } from './key-authorization.js';
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
  return sendAsRoot(action, { calls: [{ to: keychain, data }], gas: keychainCallGas });
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
  /** First block that is searched for registrations; 0 when left out. Some public nodes refuse long ranges. */
  readonly fromBlock?: bigint;
}

/** `KeyAuthorized`; account and key are indexed. */
const keyAuthorizedTopic = toEventSelector(getAbiItem({ abi: Abis.accountKeychain, name: 'KeyAuthorized' }));

/**
 * Every access key that an account has ever had, with what the chain says of it now. Needs no key.
 *
 * @throws TempoRpcError
 */
export async function listKeys(
  chain: TempoChain,
  account: Address,
  options: ListKeysOptions,
): Promise<readonly ListedKey[]> {
  const filter = {
    address: keychain,
    topics: [keyAuthorizedTopic, `0x${'0'.repeat(24)}${account.slice(2)}`],
    fromBlock: `0x${(options.fromBlock ?? 0n).toString(16)}`,
    toBlock: 'latest',
  };
  const logs = await chain.request('eth_getLogs', [filter]);
  const found = new Set<Address>();
  for (const log of Array.isArray(logs) ? logs : []) {
    const keyTopic: unknown = log?.topics?.[2];
    const keyAddress = typeof keyTopic === 'string' ? readAddress(`0x${keyTopic.slice(-40)}`) : undefined;
    if (keyAddress !== undefined) found.add(keyAddress);
  }
  const listed: ListedKey[] = [];
  for (const keyAddress of found) {
    const { state, timeS } = await readKey(chain, account, keyAddress, options.tokens);
    listed.push({ keyAddress, state, expired: state.status === 'registered' && state.expiresS <= timeS });
  }
  return listed;
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
