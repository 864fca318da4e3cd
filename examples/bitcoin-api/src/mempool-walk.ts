import { z } from 'zod';
import { eachBounded } from './each-bounded.js';
import { ask, hash } from './node-reader.js';
import { ProblemError } from './problem.js';
import type { RpcClient } from './rpc-client.js';
import { fetchTransaction, type NodeTransaction } from './transactions.js';
import type { UnspentScan } from './unspent-scan.js';

const transactionsMax = 500;

/** How many outputs came and went, and their sums in satoshis. */
export interface Flow {
  fundedCount: number;
  fundedSum: bigint;
  spentCount: number;
  spentSum: bigint;
}

/**
 * Finds what the mempool does to one script: outputs that pay it, and inputs that spend its outputs, whether the chain or the
 * mempool holds them.
 *
 * @param script the script of the address, hexadecimal
 * @param unspents what the chain leaves unspent for it
 * @returns `undefined` when the mempool holds more than 500 transactions: the node has no index by address, and reading them all
 * for one answer would take too long
 */
export async function walkMempool(
  rpc: RpcClient,
  script: string,
  unspents: UnspentScan['unspents'],
): Promise<Flow | undefined> {
  const txids = await ask(rpc, 'getrawmempool', [], z.array(hash));
  if (txids.length > transactionsMax) return undefined;
  const found = await eachBounded(txids, (txid) => fetchIfThere(rpc, txid));
  const transactions = found.filter((transaction) => transaction !== undefined);

  const flow: Flow = { fundedCount: 0, fundedSum: 0n, spentCount: 0, spentSum: 0n };
  const owned = new Map(unspents.map((unspent) => [outpoint(unspent.txid, unspent.vout), unspent.amount]));
  for (const { txid, vout } of transactions) {
    for (const output of vout) {
      if (output.scriptPubKey.hex !== script) continue;
      owned.set(outpoint(txid, output.n), output.value);
      flow.fundedCount += 1;
      flow.fundedSum += output.value;
    }
  }
  for (const { vin } of transactions) {
    for (const input of vin) {
      const spent = 'txid' in input ? owned.get(outpoint(input.txid, input.vout)) : undefined;
      if (spent === undefined) continue;
      flow.spentCount += 1;
      flow.spentSum += spent;
    }
  }
  return flow;
}

/** A transaction may leave the mempool between the list and the look. */
async function fetchIfThere(rpc: RpcClient, txid: string): Promise<NodeTransaction | undefined> {
  try {
    return await fetchTransaction(rpc, txid);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return undefined;
    throw error;
  }
}

function outpoint(txid: string, vout: number): string {
  return `${txid}:${vout}`;
}
