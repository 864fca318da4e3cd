import { getAbiItem, toEventSelector } from 'viem';
import { Abis } from 'viem/tempo';
import type { TempoChain } from '../chain/chain.js';
import { type Address, readAddress } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import { keychain } from './snapshot.js';

/** Blocks that one question for registrations covers at first; public nodes refuse long ranges. */
export const logBlocksMax = 100_000n;
/** Blocks below which a question that is refused is not made shorter: then it is not its length. */
const logBlocksMin = 1_000n;
/** Most questions of one search. With {@link logBlocksMax} they reach back 6,400,000 blocks, a month or more. */
export const logQuestionsMax = 64;

/** What a search for registrations found. */
export interface KeyRegistrations {
  /** Keys of the account, those that were registered last first. */
  readonly keyAddresses: readonly Address[];
  /** The oldest block that was searched. */
  readonly fromBlock: bigint;
  /** False when the search ended before it came to the block that was asked for. */
  readonly complete: boolean;
}

/** `KeyAuthorized`; account and key are indexed. */
const keyAuthorizedTopic = toEventSelector(getAbiItem({ abi: Abis.accountKeychain, name: 'KeyAuthorized' }));

/**
 * Searches the chain's log for the access keys of an account, newest blocks first, in bounded questions. A node that
 * refuses one because it is too long is asked for less.
 *
 * @param oldestBlock where the search ends
 * @throws TempoRpcError
 */
export async function findRegistrations(
  chain: TempoChain,
  account: Address,
  oldestBlock: bigint,
): Promise<KeyRegistrations> {
  const { number: newest } = await chain.head();
  const found = new Set<Address>();
  let blocks = logBlocksMax;
  let to = newest;
  for (let asked = 0; asked < logQuestionsMax && to >= oldestBlock; asked++) {
    const start = to - blocks + 1n;
    const from = start > oldestBlock ? start : oldestBlock;
    try {
      for (const key of await registeredIn(chain, account, from, to)) found.add(key);
    } catch (error) {
      const tooLong = error instanceof TempoRpcError && error.code === 'rpc_refused';
      if (!tooLong || to - from + 1n <= logBlocksMin) throw error;
      blocks = (to - from + 1n) / 2n;
      continue;
    }
    to = from - 1n;
  }
  return { keyAddresses: [...found], fromBlock: to + 1n, complete: to < oldestBlock };
}

async function registeredIn(
  chain: TempoChain,
  account: Address,
  from: bigint,
  to: bigint,
): Promise<readonly Address[]> {
  const logs = await chain.request('eth_getLogs', [
    {
      address: keychain,
      topics: [keyAuthorizedTopic, `0x${'0'.repeat(24)}${account.slice(2)}`],
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
    },
  ]);
  if (!Array.isArray(logs)) {
    throw new TempoRpcError('rpc_malformed', "The Tempo node's answer for eth_getLogs cannot be read");
  }
  return logs.flatMap((log) => {
    const keyTopic: unknown = log?.topics?.[2];
    return typeof keyTopic === 'string' ? (readAddress(`0x${keyTopic.slice(-40)}`) ?? []) : [];
  });
}
