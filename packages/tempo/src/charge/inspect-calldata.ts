import { encodeFunctionData } from 'viem';
import { Abis } from 'viem/tempo';
import type { TransactionCall } from '../accounts/transaction.js';
import type { Address, Hex } from '../chain/hex.js';

/** A transfer of a TIP-20 token, as calldata says it. */
export interface CalledTransfer {
  readonly recipient: Address;
  /** Base units. */
  readonly amount: bigint;
  readonly memo?: Hex;
}

const transferForm = /^0xa9059cbb0{24}([0-9a-f]{40})([0-9a-f]{64})$/;
const transferWithMemoForm = /^0x95777d590{24}([0-9a-f]{40})([0-9a-f]{64})([0-9a-f]{64})$/;

/** The call that makes a transfer: `transferWithMemo` where it has a memo, `transfer` where it has none. */
export function encodeTransfer(token: Address, transfer: CalledTransfer): TransactionCall {
  const { recipient, amount, memo } = transfer;
  const data =
    memo === undefined
      ? encodeFunctionData({ abi: Abis.tip20, functionName: 'transfer', args: [recipient, amount] })
      : encodeFunctionData({
          abi: Abis.tip20,
          functionName: 'transferWithMemo',
          args: [recipient, amount, memo],
        });
  return { to: token, data };
}

/** Reads a transfer back from calldata. Undefined for anything but exactly one, trailing bytes included. */
export function readTransfer(data: Hex): CalledTransfer | undefined {
  const text = data.toLowerCase();
  const found = transferForm.exec(text) ?? transferWithMemoForm.exec(text);
  const [, recipient, amount, memo] = found ?? [];
  if (recipient === undefined || amount === undefined) return undefined;
  return {
    recipient: `0x${recipient}`,
    amount: BigInt(`0x${amount}`),
    ...(memo !== undefined && { memo: `0x${memo}` as const }),
  };
}
