import { z } from 'zod';
import { hashAt, tipHash } from './blocks.js';
import { eachBounded } from './each-bounded.js';
import { type Flow, walkMempool } from './mempool-walk.js';
import { ask, jsonSats } from './node-reader.js';
import type { Page } from './parameters.js';
import { ProblemError } from './problem.js';
import type { RpcClient } from './rpc-client.js';
import { type ChainStatus, statusIn } from './transactions.js';
import type { UnspentScan, UnspentScanner } from './unspent-scan.js';

const settleTriesMax = 3;

/** One side of a balance. Sums are satoshis, `balance` = `fundedSum` - `spentSum` (negative for an unconfirmed spend). */
export interface BalanceSide {
  fundedCount: number;
  fundedSum: number;
  spentCount: number;
  spentSum: number;
  balance: number;
}

/** The balance of an address. */
export interface Balance {
  address: string;
  /** The height of the chain that `confirmed` holds for. */
  height: number;
  /**
   * `unspent-outputs`: Bitcoin Core keeps no history by address, so an output that a block has spent is counted on neither side.
   * The balance is exact; `fundedSum` is not "ever received".
   */
  basis: 'unspent-outputs';
  confirmed: BalanceSide;
  /** What the mempool would change. `null` when it is too large to be read for one answer. */
  unconfirmed: BalanceSide | null;
}

/** One unspent output. `value` is satoshis. */
export interface Utxo {
  txid: string;
  vout: number;
  value: number;
  status: ChainStatus;
}

const validated = z.discriminatedUnion('isvalid', [
  z.object({ isvalid: z.literal(false) }),
  z.object({ isvalid: z.literal(true), address: z.string(), scriptPubKey: z.string() }),
]);

/**
 * Answers the balance of an address, confirmed and in the mempool.
 *
 * @param text an address in its outer form
 * @throws ProblemError 400 when the node does not accept the address, 503 when the chain would not hold still
 */
export async function balanceOf(rpc: RpcClient, scanner: UnspentScanner, text: string): Promise<Balance> {
  const { address, scriptPubKey } = await validate(rpc, text);
  for (let tries = 0; tries < settleTriesMax; tries += 1) {
    const scan = await scanner.scan(address);
    const mempool = await walkMempool(rpc, scriptPubKey, scan.unspents);
    // A block between the scan and the walk would take a transaction out of both.
    if ((await tipHash(rpc)) !== scan.bestblock) continue;
    return {
      address,
      height: scan.height,
      basis: 'unspent-outputs',
      confirmed: sideOf(confirmedFlow(scan)),
      unconfirmed: mempool === undefined ? null : sideOf(mempool),
    };
  }
  throw new ProblemError(503, 'chain-moving', 'New blocks came while the balance was being read; try again.');
}

/**
 * Answers a page of the confirmed unspent outputs of an address, oldest first; the mempool is left out of account.
 *
 * @throws ProblemError 400 when the node does not accept the address
 */
export async function utxosOf(
  rpc: RpcClient,
  scanner: UnspentScanner,
  text: string,
  page: Page,
): Promise<{ hasMore: boolean; items: Utxo[] }> {
  const { address } = await validate(rpc, text);
  const { unspents } = await scanner.scan(address);
  const ordered = unspents.toSorted(
    (a, b) => a.height - b.height || a.txid.localeCompare(b.txid, 'en') || a.vout - b.vout,
  );
  const end = page.offset + page.limit;
  const chosen = ordered.slice(page.offset, end);
  const heights = [...new Set(chosen.map((unspent) => unspent.height))];
  const statuses = new Map(
    await eachBounded(
      heights,
      async (height) => [height, await statusIn(rpc, await hashAt(rpc, height))] as const,
    ),
  );
  const items = chosen.map(({ txid, vout, amount, height }) => ({
    txid,
    vout,
    value: jsonSats(amount),
    status: statuses.get(height) ?? { confirmed: false as const },
  }));
  return { hasMore: ordered.length > end, items };
}

async function validate(rpc: RpcClient, text: string): Promise<{ address: string; scriptPubKey: string }> {
  const answer = await ask(rpc, 'validateaddress', [text], validated);
  if (answer.isvalid) return answer;
  throw new ProblemError(400, 'malformed-address', "This is no valid address on the node's network.");
}

function confirmedFlow(scan: UnspentScan): Flow {
  const fundedSum = scan.unspents.reduce((sum, { amount }) => sum + amount, 0n);
  return { fundedCount: scan.unspents.length, fundedSum, spentCount: 0, spentSum: 0n };
}

function sideOf(flow: Flow): BalanceSide {
  return {
    fundedCount: flow.fundedCount,
    fundedSum: jsonSats(flow.fundedSum),
    spentCount: flow.spentCount,
    spentSum: jsonSats(flow.spentSum),
    balance: jsonSats(flow.fundedSum - flow.spentSum),
  };
}
