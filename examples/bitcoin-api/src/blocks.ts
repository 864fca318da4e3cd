import { z } from 'zod';
import { ask, hash, nodeRefusalCodes, whole } from './node-reader.js';
import type { BlockName } from './parameters.js';
import { ProblemError } from './problem.js';
import type { NodeRefusal, RpcClient } from './rpc-client.js';

/** One block. The first four members are Xverse's; the others come with them from the same call. */
export interface Block {
  height: number;
  hash: string;
  /** Absent for the genesis block. */
  previousHash?: string;
  /** The time in the header, ISO 8601, UTC. */
  timestamp: string;
  /** -1 for a block that is not in the main chain. */
  confirmations: number;
  merkleRoot: string;
  txCount: number;
  /** The ids of the block's transactions, in the block's order. */
  txids: string[];
}

const header = z.object({ height: whole, time: whole });

const block = header.extend({
  hash,
  confirmations: whole,
  merkleroot: hash,
  previousblockhash: hash.optional(),
  tx: z.array(hash),
});

/** Answers the block at the tip of the main chain. */
export async function tipBlock(rpc: RpcClient): Promise<Block> {
  return blockByHash(rpc, await tipHash(rpc));
}

/** Answers a block by height or hash. @throws ProblemError 404 when there is none */
export async function namedBlock(rpc: RpcClient, name: BlockName): Promise<Block> {
  return blockByHash(rpc, 'hash' in name ? name.hash : await hashAt(rpc, name.height));
}

/** Answers the hash of the block at the tip. */
export function tipHash(rpc: RpcClient): Promise<string> {
  return ask(rpc, 'getbestblockhash', [], hash);
}

/** Answers the height of the tip. */
export function tipHeight(rpc: RpcClient): Promise<number> {
  return ask(rpc, 'getblockcount', [], whole);
}

/** Answers the hash of the block at a height of the main chain. @throws ProblemError 404 when the chain is shorter */
export function hashAt(rpc: RpcClient, height: number): Promise<string> {
  return ask(rpc, 'getblockhash', [height], hash, { refused: notFoundOn(nodeRefusalCodes.invalidParameter) });
}

/** Answers height and time (Unix seconds) of a block. @throws ProblemError 404 when there is none */
export function headerOf(rpc: RpcClient, blockHash: string): Promise<{ height: number; time: number }> {
  return ask(rpc, 'getblockheader', [blockHash, true], header, {
    refused: notFoundOn(nodeRefusalCodes.invalidAddressOrKey),
  });
}

async function blockByHash(rpc: RpcClient, blockHash: string): Promise<Block> {
  const found = await ask(rpc, 'getblock', [blockHash, 1], block, {
    refused: notFoundOn(nodeRefusalCodes.invalidAddressOrKey),
  });
  return {
    height: found.height,
    hash: found.hash,
    ...(found.previousblockhash === undefined ? {} : { previousHash: found.previousblockhash }),
    timestamp: new Date(found.time * 1000).toISOString(),
    confirmations: found.confirmations,
    merkleRoot: found.merkleroot,
    txCount: found.tx.length,
    txids: found.tx,
  };
}

function notFoundOn(code: number): (refusal: NodeRefusal) => ProblemError | undefined {
  return (refusal) =>
    refusal.code === code
      ? new ProblemError(404, 'unknown-block', 'The node knows no such block.')
      : undefined;
}
