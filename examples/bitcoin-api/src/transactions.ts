import { z } from 'zod';
import { headerOf } from './blocks.js';
import { ask, hash, jsonSats, nodeRefusalCodes, sats, whole } from './node-reader.js';
import { ProblemError } from './problem.js';
import type { RpcClient } from './rpc-client.js';

/** A verbosity that older versions of Bitcoin Core take for `true`. */
const withFee = 2;

/** Where a transaction or an output stands in the chain. `blockTime` is Unix seconds. */
export type ChainStatus =
  | { confirmed: false }
  | { confirmed: true; blockHeight: number; blockHash: string; blockTime: number };

/** One transaction. Values are satoshis. */
export interface Transaction {
  txid: string;
  wtxid: string;
  version: number;
  locktime: number;
  size: number;
  vsize: number;
  weight: number;
  /** Absent for a coinbase, and where the node does not tell (Bitcoin Core: in the mempool, or before version 25). */
  fee?: number;
  vin: ({ coinbase: string; sequence: number } | { txid: string; vout: number; sequence: number })[];
  vout: { n: number; value: number; scriptPubKey: string; type: string; address?: string }[];
  status: ChainStatus;
}

const input = z.union([
  z.object({ coinbase: z.string(), sequence: whole }),
  z.object({ txid: hash, vout: whole, sequence: whole }),
]);

const output = z.object({
  n: whole,
  value: sats,
  scriptPubKey: z.object({ hex: z.string(), type: z.string(), address: z.string().optional() }),
});

const transaction = z.object({
  txid: hash,
  hash,
  version: whole,
  locktime: whole,
  size: whole,
  vsize: whole,
  weight: whole,
  fee: sats.optional(),
  vin: z.array(input),
  vout: z.array(output),
  blockhash: hash.optional(),
  confirmations: whole.optional(),
});

/** A transaction as the node tells it, values in satoshis. */
export type NodeTransaction = z.output<typeof transaction>;

/**
 * Fetches a transaction from the mempool or the chain.
 *
 * @throws ProblemError 404 when the node does not know it
 */
export function fetchTransaction(rpc: RpcClient, txid: string): Promise<NodeTransaction> {
  return ask(rpc, 'getrawtransaction', [txid, withFee], transaction, {
    refused: (refusal) =>
      refusal.code === nodeRefusalCodes.invalidAddressOrKey
        ? new ProblemError(404, 'unknown-transaction', unknownDetail)
        : undefined,
  });
}

const unknownDetail =
  'The node knows no such transaction. Without its index (txindex=1) it knows only those in its mempool.';

/** Answers a transaction. @throws ProblemError 404 when the node does not know it */
export async function namedTransaction(rpc: RpcClient, txid: string): Promise<Transaction> {
  const found = await fetchTransaction(rpc, txid);
  return {
    txid: found.txid,
    wtxid: found.hash,
    version: found.version,
    locktime: found.locktime,
    size: found.size,
    vsize: found.vsize,
    weight: found.weight,
    ...(found.fee === undefined ? {} : { fee: jsonSats(found.fee) }),
    vin: found.vin,
    vout: found.vout.map(({ n, value, scriptPubKey }) => ({
      n,
      value: jsonSats(value),
      scriptPubKey: scriptPubKey.hex,
      type: scriptPubKey.type,
      ...(scriptPubKey.address === undefined ? {} : { address: scriptPubKey.address }),
    })),
    // With its index the node also finds transactions of blocks that left the main chain: no confirmations.
    status:
      found.blockhash === undefined || found.confirmations === 0
        ? { confirmed: false }
        : await statusIn(rpc, found.blockhash),
  };
}

/** Answers the status of what is in a block. */
export async function statusIn(rpc: RpcClient, blockHash: string): Promise<ChainStatus> {
  const { height, time } = await headerOf(rpc, blockHash);
  return { confirmed: true, blockHeight: height, blockHash, blockTime: time };
}
