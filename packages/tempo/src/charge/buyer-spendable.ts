import type { Amount } from '@farebox/protocol';
import type { TempoAccount } from '../accounts/account.js';
import { checkKeyActive, remaining } from '../accounts/key-check.js';
import { readSnapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import { type Address, readAddress } from '../chain/hex.js';
import { keyIdentity } from './buyer-plan.js';

/** Whose money is asked about. */
export interface Spender {
  readonly account: TempoAccount;
  readonly chain: TempoChain;
  readonly chainId: number;
  readonly currencies: readonly Address[];
}

/**
 * What could be spent of a token now, fees included: the account's balance or what its access key may still spend. One
 * call of the node. Undefined for a token that is not paid with, on another chain, and for a key that may not sign.
 *
 * @throws TempoRpcError
 */
export async function readSpendable(
  { account, chain, chainId, currencies }: Spender,
  currency: string,
): Promise<Amount | undefined> {
  const token = readAddress(currency);
  if (token === undefined || !currencies.includes(token)) return undefined;
  const key = keyIdentity(account);
  const snapshot = await readSnapshot(chain, {
    balances: [{ token, holder: account.address }],
    ...(key && { key: { account: account.address, keyAddress: key.keyAddress, tokens: [token] } }),
  });
  const [balance] = snapshot.balances;
  if (snapshot.chainId !== chainId || balance === undefined) return undefined;
  if (key === undefined || snapshot.key === undefined) return { amount: balance, currency: token };
  if (!checkKeyActive(snapshot.key, key, snapshot.timeS).ok) return undefined;
  const left = remaining(snapshot.key, token)?.remaining ?? balance;
  return { amount: left < balance ? left : balance, currency: token };
}
