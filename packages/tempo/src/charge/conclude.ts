import { checkKeyAllows } from '../accounts/key-check.js';
import { readSnapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import type { TempoReceipt } from '../chain/receipt.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { SignedTransaction } from '../transaction/decode.js';
import { recoverSigner } from '../transaction/signature.js';
import { refusePayment, type TempoVerification } from './refusal.js';
import { payerSource } from './source.js';
import { showsPayment, type TransferTerms } from './transfer-match.js';

/** What a mined transaction is held against. */
export interface ConcludeTerms extends TransferTerms {
  readonly chainId: number;
  /** All that is paid, base units of the currency. */
  readonly amount: bigint;
}

/** A mined transaction, by its receipt: both its status and its events must show the payment. */
export function concludeReceipt(receipt: TempoReceipt, terms: ConcludeTerms): TempoVerification {
  if (!receipt.succeeded) {
    return refusePayment(
      'reverted',
      'The transaction was mined and reverted: nothing was paid but its fee. Look at balance, spending limit and token policy, then sign again',
    );
  }
  if (!showsPayment(receipt, terms)) {
    return refusePayment(
      'payment-not-shown',
      'The transaction was mined, but its events do not show this payment with the memo of this challenge',
    );
  }
  return {
    ok: true,
    settlement: {
      reference: receipt.transactionHash,
      paid: { amount: terms.amount, currency: terms.currency },
      payer: payerSource({ chainId: terms.chainId, address: receipt.from }),
    },
  };
}

/**
 * Why a transaction may have reverted, for the payer: the chain keeps no reason, but the account's state tells most.
 * At most one more call of the node, and only for whoever has just paid a fee for nothing.
 */
export async function explainRevert(
  chain: TempoChain,
  transaction: SignedTransaction,
  receipt: TempoReceipt,
  terms: ConcludeTerms,
): Promise<TempoVerification> {
  const generic = concludeReceipt(receipt, terms);
  if (receipt.gasUsed >= transaction.gas) {
    return refusePayment(
      'gas-too-low',
      `The transaction was mined and reverted: its ${transaction.gas} gas ran out, and nothing was paid but its fee. Estimate it again`,
    );
  }
  const { currency, amount } = terms;
  try {
    const signer = await recoverSigner(transaction.signature, transaction.signingDigest);
    const key = signer?.key;
    const snapshot = await readSnapshot(chain, {
      balances: [{ token: currency, holder: receipt.from }],
      ...(key && { key: { account: receipt.from, keyAddress: key, tokens: [currency] } }),
    });
    if (key !== undefined && snapshot.key !== undefined) {
      const identity = { keyAddress: key, keyType: 'secp256k1', rootAccount: receipt.from } as const;
      const allowed = checkKeyAllows(snapshot.key, identity, transaction.calls, [
        { token: currency, amount },
      ]);
      if (!allowed.ok && allowed.code === 'key_limit_exceeded') {
        return refusePayment('spending-limit', `The transaction was mined and reverted: ${allowed.detail}`);
      }
      if (!allowed.ok && allowed.code === 'key_scope_exceeded') {
        return refusePayment('key-scope', `The transaction was mined and reverted: ${allowed.detail}`);
      }
    }
    if ((snapshot.balances[0] ?? amount) < amount) {
      return refusePayment(
        'insufficient-funds',
        'The transaction was mined and reverted: the paying account holds too little for the price',
      );
    }
  } catch (error) {
    if (!(error instanceof TempoRpcError)) throw error;
  }
  return generic;
}
