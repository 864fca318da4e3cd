import { type Result, refuse } from '@farebox/protocol';
import type { TempoChain } from '../chain/chain.js';
import type { Address, Hex } from '../chain/hex.js';
import type { TempoReceipt } from '../chain/receipt.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { TempoAccount } from './account.js';
import { showUnits } from './show-units.js';
import { readSnapshot } from './snapshot.js';
import {
  attodollarsPerUnit,
  expiringNonce,
  type SignedAuthorization,
  type TransactionCall,
  transactionLifeS,
  worstFee,
} from './transaction.js';

/** What the root key of an account is needed for. */
export interface RootAction {
  readonly chain: TempoChain;
  readonly chainId: number;
  /** The account with its own key. */
  readonly root: TempoAccount;
  /** The token that the fee is paid in. */
  readonly feeToken: Address;
  /** Most that it may cost, base units of that token. */
  readonly maxFee: bigint;
}

/** A change of an account's keys that is on the chain. */
export interface KeyChange {
  readonly transactionHash: Hex;
  /** What it cost, base units of the fee token. */
  readonly fee: bigint;
}

/** What such a transaction does. */
export interface RootTransaction {
  readonly calls: readonly TransactionCall[];
  readonly gas: bigint;
  readonly keyAuthorization?: SignedAuthorization;
}

/**
 * Signs a transaction with the root key, sends it and waits until it is in a block.
 *
 * Codes: `chain_mismatch`, `fee_above_limit`, `insufficient_funds`, `node_unreachable` (nothing was sent),
 * `refused_by_chain`, `reverted`, `change_unknown` (it may or may not have been carried out; look with `listKeys`).
 */
export async function sendAsRoot(action: RootAction, work: RootTransaction): Promise<Result<KeyChange>> {
  const { chain, chainId, root, feeToken } = action;
  const prepared = await prepare(action, work.gas);
  if (!prepared.ok) return prepared;
  const { validBefore, maxFeePerGas } = prepared.value;
  const signed = await root.signTransaction({
    ...expiringNonce,
    ...work,
    chainId,
    validBefore,
    maxFeePerGas,
    maxPriorityFeePerGas: 0n,
    feeToken,
  });
  let receipt: TempoReceipt;
  try {
    receipt = await chain.broadcast(signed);
  } catch (error) {
    const words = error instanceof TempoRpcError ? error.message : 'it gave no reason';
    if (error instanceof TempoRpcError && error.code === 'rpc_refused') {
      return refuse('refused_by_chain', `The chain did not take the change of keys: ${words}`);
    }
    return refuse(
      'change_unknown',
      `It is not known whether the keys were changed (${words}); look with: farebox wallet tempo keys`,
    );
  }
  const fee = worstFee(receipt.feeAttodollars, 1n);
  if (!receipt.succeeded) {
    return refuse(
      'reverted',
      `The chain took the change of keys back, for a fee of ${showUnits(fee, feeToken)}`,
    );
  }
  return { ok: true, value: { transactionHash: receipt.transactionHash, fee } };
}

async function prepare(
  { chain, chainId, root, feeToken, maxFee }: RootAction,
  gas: bigint,
): Promise<Result<{ readonly validBefore: number; readonly maxFeePerGas: bigint }>> {
  let snapshot: Awaited<ReturnType<typeof readSnapshot>>;
  try {
    snapshot = await readSnapshot(chain, { balances: [{ token: feeToken, holder: root.address }] });
  } catch (error) {
    const words = error instanceof TempoRpcError ? error.message : 'it gave no reason';
    return refuse('node_unreachable', `The node could not be asked, and nothing was sent: ${words}`);
  }
  if (snapshot.chainId !== chainId) {
    return refuse('chain_mismatch', `The node is on the chain ${snapshot.chainId}, not on ${chainId}`);
  }
  const least = worstFee(gas, snapshot.baseFeePerGas);
  const [balance = 0n] = snapshot.balances;
  if (least > maxFee) {
    return refuse(
      'fee_above_limit',
      `The fee can come to ${showUnits(least, feeToken)}, the limit is ${showUnits(maxFee, feeToken)}; raise it with --max-fee`,
    );
  }
  if (least > balance) {
    return refuse(
      'insufficient_funds',
      `The account ${root.address} has ${showUnits(balance, feeToken)}, the fee can come to ${showUnits(least, feeToken)}; fund it`,
    );
  }
  const room = maxFee < balance ? maxFee : balance;
  const affordable = (room * attodollarsPerUnit) / gas;
  const wanted = snapshot.baseFeePerGas * 2n;
  return {
    ok: true,
    value: {
      validBefore: snapshot.timeS + transactionLifeS,
      maxFeePerGas: affordable < wanted ? affordable : wanted,
    },
  };
}
