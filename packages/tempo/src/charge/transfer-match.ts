import { toEventSelector, toFunctionSelector } from 'viem/utils';
import type { Address, Hex } from '../chain/hex.js';
import type { TempoLog, TempoReceipt } from '../chain/receipt.js';
import type { TransactionCall } from '../transaction/decode.js';
import type { ExpectedTransfer } from './transfers.js';

/** TIP-20's two ways to pay. */
export const transferSelector: Hex = toFunctionSelector('transfer(address,uint256)');
export const transferWithMemoSelector: Hex = toFunctionSelector('transferWithMemo(address,uint256,bytes32)');
const transferEvent = toEventSelector('Transfer(address,address,uint256)');
const transferWithMemoEvent = toEventSelector('TransferWithMemo(address,address,uint256,bytes32)');

/** Hex characters of one argument. */
const wordChars = 64;
const addressPadding = '0'.repeat(wordChars - 40);

/** A transfer that was found, in calldata or in an event. */
interface FoundTransfer {
  readonly recipient: Address;
  readonly amount: bigint;
  readonly memo?: Hex;
}

/** What has to be found, and where. */
export interface TransferTerms {
  readonly currency: Address;
  /** The primary recipient's first. */
  readonly expected: readonly [ExpectedTransfer, ...ExpectedTransfer[]];
  /** Whether a memo (lowercase hex) names this challenge and realm. */
  readonly isBound: (memo: Hex) => boolean;
}

function readAddressWord(word: string): Address | undefined {
  return word.length === wordChars && word.startsWith(addressPadding) ? `0x${word.slice(-40)}` : undefined;
}

/** Reads calldata of exactly one of the two forms: not a byte more, and nothing above the address. */
function readTransferCall(data: Hex): FoundTransfer | undefined {
  const selector = data.slice(0, 10);
  const words = data.slice(10);
  const withMemo = selector === transferWithMemoSelector;
  if (!withMemo && selector !== transferSelector) return undefined;
  if (words.length !== wordChars * (withMemo ? 3 : 2)) return undefined;
  const recipient = readAddressWord(words.slice(0, wordChars));
  if (recipient === undefined) return undefined;
  const amount = BigInt(`0x${words.slice(wordChars, wordChars * 2)}`);
  return { recipient, amount, ...(withMemo && { memo: `0x${words.slice(wordChars * 2)}` as const }) };
}

/**
 * Finds each expected transfer once. The primary one must carry a memo bound to the challenge; the others the memo they
 * ask for. Those that ask for a memo choose before those that take any, so that a choice never starves another.
 */
function matchAll(found: readonly FoundTransfer[], terms: TransferTerms): boolean {
  const left = [...found];
  const [primary, ...others] = terms.expected;
  const take = (wanted: ExpectedTransfer, memoFits: (memo: Hex | undefined) => boolean) => {
    const index = left.findIndex(
      (transfer) =>
        transfer.recipient === wanted.recipient &&
        transfer.amount === wanted.amount &&
        memoFits(transfer.memo),
    );
    if (index < 0) return false;
    left.splice(index, 1);
    return true;
  };
  if (!take(primary, (memo) => memo !== undefined && terms.isBound(memo))) return false;
  const demanding = others.filter((split) => split.memo !== undefined);
  const easy = others.filter((split) => split.memo === undefined);
  return (
    demanding.every((split) => take(split, (memo) => memo === split.memo)) &&
    easy.every((split) => take(split, () => true))
  );
}

/** Why calls do not make the payment, in a code and one sentence. */
export type TransferFault = { readonly code: 'calls-mismatch' | 'memo-not-bound'; readonly detail: string };

/**
 * Checks that a transaction's calls are the payment and nothing else (draft-tempo-charge-00, "Transaction
 * Verification"; the exact number of calls is local policy, which the draft allows). Undefined when they are.
 */
export function findCallFault(
  calls: readonly TransactionCall[],
  terms: TransferTerms,
): TransferFault | undefined {
  const mismatch = (detail: string): TransferFault => ({ code: 'calls-mismatch', detail });
  if (calls.length !== terms.expected.length) {
    return mismatch(
      `The transaction must make exactly ${terms.expected.length} transfer(s) and nothing else`,
    );
  }
  if (calls.some((call) => call.to !== terms.currency)) {
    return mismatch("The transaction calls something else than the challenge's token");
  }
  const found = calls.map((call) => readTransferCall(call.data));
  const transfers = found.filter((transfer) => transfer !== undefined);
  if (transfers.length !== found.length) {
    return mismatch('The transaction makes a call that is no plain transfer or transferWithMemo');
  }
  if (matchAll(transfers, terms)) return undefined;
  return matchAll(transfers, { ...terms, isBound: () => true }) || lacksOnlyMemo(transfers, terms)
    ? {
        code: 'memo-not-bound',
        detail:
          'The transfer must be transferWithMemo with the memo that names this challenge and realm; a transfer without it could be claimed by anybody',
      }
    : mismatch('The recipients, amounts or memos are not those of the challenge');
}

function lacksOnlyMemo(transfers: readonly FoundTransfer[], terms: TransferTerms): boolean {
  const marked = transfers.map((transfer) => ({ memo: '0x' as const, ...transfer }));
  return matchAll(marked, { ...terms, isBound: () => true });
}

function readEvent(log: TempoLog, payer: Address): (FoundTransfer & { readonly event: string }) | undefined {
  const [event, from, to, memo] = log.topics;
  const withMemo = event === transferWithMemoEvent;
  if (event === undefined || (!withMemo && event !== transferEvent)) return undefined;
  const recipient = to === undefined ? undefined : readAddressWord(to.slice(2));
  if (recipient === undefined || from === undefined || readAddressWord(from.slice(2)) !== payer)
    return undefined;
  if (log.data.length !== 2 + wordChars || withMemo !== (memo !== undefined)) return undefined;
  return { event, recipient, amount: BigInt(log.data), ...(memo !== undefined && { memo }) };
}

/**
 * Whether the events of a mined transaction show the payment: the token moved from its sender to everybody who is to be
 * paid, with the memos (draft-tempo-charge-00, "Hash Verification"). A transfer with a memo makes both events.
 */
export function showsPayment(receipt: TempoReceipt, terms: TransferTerms): boolean {
  const events = receipt.logs
    .filter((log) => log.address === terms.currency)
    .map((log) => readEvent(log, receipt.from))
    .filter((event) => event !== undefined);
  const plain = events.filter(({ event }) => event === transferEvent);
  const marked = events.filter(({ event }) => event === transferWithMemoEvent);
  const [primary, ...others] = terms.expected;
  const wantMemo = [primary, ...others.filter((split) => split.memo !== undefined)] as const;
  // Everybody's money, each with a Transfer of its own; then the memos of those that need one.
  const anyMemo = plain.map((transfer) => ({ ...transfer, memo: '0x' as const }));
  const bare = (transfer: ExpectedTransfer): ExpectedTransfer => ({
    recipient: transfer.recipient,
    amount: transfer.amount,
  });
  return (
    matchAll(anyMemo, { ...terms, expected: [bare(primary), ...others.map(bare)], isBound: () => true }) &&
    matchAll(marked, { ...terms, expected: [...wantMemo] })
  );
}
