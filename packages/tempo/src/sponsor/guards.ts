import { checkKeyActive, checkKeyAllows } from '../accounts/key-check.js';
import { readSnapshot } from '../accounts/snapshot.js';
import { worstFee } from '../accounts/transaction.js';
import type { TempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import { keyCodes, keyTypeOf } from '../charge/key-codes.js';
import { expiringNonceKey, type SignedTransaction } from '../transaction/decode.js';
import type { Signer } from '../transaction/signature.js';
import { leastGas, recipientOf } from './least-gas.js';
import type { SponsorFault, SponsorRequest } from './sponsor.js';

/** What is sponsored at all. */
export interface SponsorRules {
  readonly feePayer: Address;
  /** Base units of the fee token. */
  readonly feeMax: bigint;
  readonly gasMax: bigint;
}

/** How long ahead a sponsored transaction may be valid, seconds: what the chain allows of expiring nonces (TIP-1009). */
export const sponsoredValidityMaxS = 30;

function refused(why: string): SponsorFault {
  return { code: 'sponsorship-refused', why };
}

/**
 * What can be seen in the transaction itself. That it makes the transfers and nothing else was checked before; here it
 * is what the sponsor would pay for, and that it cannot be kept and sent later.
 */
export function findShapeFault(
  transaction: SignedTransaction,
  signer: Signer,
  rules: SponsorRules,
  nowMs: number,
): SponsorFault | undefined {
  const { gas, maxFeePerGas, maxPriorityFeePerGas, nonceKey, nonce, validBefore } = transaction;
  if (signer.account === rules.feePayer) return refused('The fee payer does not sponsor itself');
  if (nonceKey !== expiringNonceKey || nonce !== 0n || validBefore === undefined) {
    return refused('A sponsored transaction needs an expiring nonce and validBefore');
  }
  if (validBefore * 1_000 > nowMs + sponsoredValidityMaxS * 1_000) {
    return refused(`A sponsored transaction may be valid for ${sponsoredValidityMaxS} seconds at most`);
  }
  if (transaction.hasKeyAuthorization) {
    return refused(
      "The registration of an access key costs many times a payment's fee and is not sponsored; register it first",
    );
  }
  if (gas === 0n || gas > rules.gasMax)
    return refused(`A sponsored transaction may have ${rules.gasMax} gas at most`);
  if (maxPriorityFeePerGas > maxFeePerGas || worstFee(gas, maxFeePerGas) > rules.feeMax) {
    return refused(
      `A sponsored transaction may cost ${rules.feeMax} base units of the fee token at most; lower gas or maxFeePerGas`,
    );
  }
  return undefined;
}

/**
 * What only the chain knows: whether the payer holds the money and may spend it, whether the gas is enough for
 * recipients who may be new to the token, and whether the token would let the money go.
 * A transaction that fails in one of these is mined all the same, and the sponsor pays for it.
 *
 * @param alreadyInFlight - What other transactions of this payer are about to take, base units.
 * @throws TempoRpcError
 */
export async function findPayerFault(
  chain: TempoChain,
  request: SponsorRequest,
  alreadyInFlight: bigint,
): Promise<SponsorFault | undefined> {
  const { transaction, signer, currency, amount } = request;
  const needed = alreadyInFlight + amount;
  const recipients = transaction.calls.map(recipientOf);
  const snapshot = await readSnapshot(chain, {
    balances: [signer.account, ...recipients].map((holder) => ({ token: currency, holder })),
    ...(signer.key && { key: { account: signer.account, keyAddress: signer.key, tokens: [currency] } }),
  });
  if ((snapshot.balances[0] ?? 0n) < needed) {
    return { code: 'insufficient-funds', why: 'The paying account holds too little for the price' };
  }
  if (signer.key !== undefined) {
    const identity = {
      keyAddress: signer.key,
      keyType: keyTypeOf(transaction.signature),
      rootAccount: signer.account,
    };
    const key = snapshot.key ?? { status: 'missing' };
    const active = checkKeyActive(key, identity, snapshot.timeS);
    const allowed = active.ok
      ? checkKeyAllows(key, identity, transaction.calls, [{ token: currency, amount: needed }])
      : active;
    if (!allowed.ok) return { code: keyCodes[allowed.code] ?? 'key-invalid', why: allowed.detail };
  }
  const least = leastGas({
    calls: transaction.calls,
    holds: (recipient) => (snapshot.balances[1 + recipients.indexOf(recipient)] ?? 0n) > 0n,
    keyType: keyTypeOf(transaction.signature),
    accessKey: signer.key !== undefined,
    scoped: snapshot.key?.status === 'registered' && snapshot.key.scopes !== undefined,
  });
  if (transaction.gas < least) {
    return {
      code: 'gas-too-low',
      why: `The transaction has ${transaction.gas} gas and needs ${least}; it would run out at the seller's cost. Estimate it again`,
    };
  }
  return findTokenFault(chain, transaction, signer.account);
}

/** Tries each transfer against the newest block: the token may be paused, or its policy may forbid it. */
async function findTokenFault(
  chain: TempoChain,
  transaction: SignedTransaction,
  payer: Address,
): Promise<SponsorFault | undefined> {
  try {
    await Promise.all(transaction.calls.map((call) => chain.read(call.to, call.data, payer)));
    return undefined;
  } catch (error) {
    if (error instanceof TempoRpcError && error.code === 'rpc_refused') {
      return { code: 'token-policy', why: `The token does not allow this transfer: ${error.reason}` };
    }
    throw error;
  }
}
