import { getAbiItem, toEventSelector } from 'viem';
import { Abis } from 'viem/tempo';
import { readSnapshot } from '../accounts/snapshot.js';
import { attodollarsPerUnit } from '../accounts/transaction.js';
import type { TempoChain } from '../chain/chain.js';
import { type Address, type Hex, readAddress, readWord } from '../chain/hex.js';
import { readQuantity, type TempoReceipt } from '../chain/receipt.js';
import { TempoRpcError } from '../chain/rpc.js';

/** Most blocks that a node is asked to search at once. */
export const searchBlocksMax = 10_000n;
/**
 * How long after its last valid second a payment that is not in any block counts as never made, seconds. Behind one
 * address there may be several nodes, of which the one that searches knows a little less than the one that told the time.
 */
export const settledAfterS = 10;

/** `TransferWithMemo`; payer, recipient and memo are indexed. */
const transferWithMemoTopic = toEventSelector(getAbiItem({ abi: Abis.tip20, name: 'TransferWithMemo' }));

/** A payment as it would stand on the chain. */
export interface SoughtPayment {
  readonly chainId: number;
  readonly token: Address;
  readonly payer: Address;
  /** The primary transfer, whose memo names the challenge. */
  readonly recipient: Address;
  readonly amount: bigint;
  readonly memo: Hex;
  /** The earliest second at which it can have been mined. */
  readonly fromS: number;
  /** From this second on it could not be mined any more. */
  readonly validBefore: number;
}

/** What the chain says of a payment. */
export type Found =
  | { readonly kind: 'made'; readonly receipt: TempoReceipt }
  /** Not in any block, and it never will be. */
  | { readonly kind: 'never' }
  /** Not in any block that this node knows, but it may still get into one. */
  | { readonly kind: 'open'; readonly chainTimeS: number };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function misread(what: string): TempoRpcError {
  return new TempoRpcError('rpc_malformed', `The Tempo node's answer about ${what} cannot be read`);
}

/** A 20-byte address as an indexed topic. */
function topic(address: Address): Hex {
  return `0x${'0'.repeat(24)}${address.slice(2)}`;
}

/**
 * The first block of the search: at or before the second `fromS`. Goes back in doubling steps, so that a day is a
 * handful of questions.
 */
async function blockAt(chain: TempoChain, head: bigint, fromS: number): Promise<bigint> {
  for (let step = 64n; ; step *= 2n) {
    const number = head > step ? head - step : 0n;
    if (number === 0n) return 0n;
    const block = await chain.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
    const time = isRecord(block) ? readQuantity(block.timestamp) : undefined;
    if (time === undefined) throw misread('a block');
    if (time < BigInt(fromS)) return number;
  }
}

/** Hash of the transaction that made the payment, where one of these events is it. */
function matchLog(log: unknown, sought: SoughtPayment): Hex | undefined {
  if (!isRecord(log)) throw misread('events');
  const hash = readWord(log.transactionHash);
  const amount = readWord(log.data);
  if (hash === undefined || amount === undefined) throw misread('events');
  // The node has filtered by the topics; token and amount are looked at here.
  return readAddress(log.address) === sought.token && BigInt(amount) === sought.amount ? hash : undefined;
}

async function searchBlocks(
  chain: TempoChain,
  sought: SoughtPayment,
  fromBlock: bigint,
  toBlock: bigint,
  blocksMax: bigint,
): Promise<Hex | undefined> {
  const topics = [transferWithMemoTopic, topic(sought.payer), topic(sought.recipient), sought.memo];
  for (let from = fromBlock; from <= toBlock; from += blocksMax) {
    const last = from + blocksMax - 1n;
    const range = {
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${(last < toBlock ? last : toBlock).toString(16)}`,
    };
    const logs = await chain.request('eth_getLogs', [{ address: sought.token, topics, ...range }]);
    if (!Array.isArray(logs)) throw misread('events');
    for (const log of logs) {
      const hash = matchLog(log, sought);
      if (hash !== undefined) return hash;
    }
  }
  return undefined;
}

/**
 * Finds out on the chain what became of a payment, by the memo that names its challenge: only the payer's signature can
 * make a transfer from the payer with it. Not by the hash of the signed bytes, because the same signature can be
 * written in two ways, and because a sponsor's signature changes the hash.
 *
 * The clock is read before the blocks are searched, and up to the very block that told the time: whatever comes after
 * it is too late to be the payment.
 *
 * @throws TempoRpcError also when the node is on another chain: that one would truthfully know nothing.
 */
export async function findPayment(
  chain: TempoChain,
  sought: SoughtPayment,
  blocksMax = searchBlocksMax,
): Promise<Found> {
  const { chainId, timeS, blockNumber } = await readSnapshot(chain);
  if (chainId !== sought.chainId) {
    throw new TempoRpcError(
      'rpc_malformed',
      `The node is on the chain ${chainId}, the payment was made on ${sought.chainId}`,
    );
  }
  const from = await blockAt(chain, blockNumber, sought.fromS);
  const hash = await searchBlocks(chain, sought, from, blockNumber, blocksMax);
  if (hash === undefined) {
    return timeS >= sought.validBefore + settledAfterS
      ? { kind: 'never' }
      : { kind: 'open', chainTimeS: timeS };
  }
  const receipt = await chain.receipt(hash);
  if (receipt === undefined) throw misread('a transaction that it has just shown');
  return { kind: 'made', receipt };
}

/** What a payer was charged in fees, base units of the fee token. */
export function feeUnits(receipt: TempoReceipt): bigint {
  return (receipt.feeAttodollars + attodollarsPerUnit - 1n) / attodollarsPerUnit;
}
