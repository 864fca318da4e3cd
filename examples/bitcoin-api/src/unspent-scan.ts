import { z } from 'zod';
import { ask, hash, nodeRefusalCodes, sats, whole } from './node-reader.js';
import { ProblemError } from './problem.js';
import { type NodeRefusal, type RpcClient, RpcFailure } from './rpc-client.js';

const scanLifeMs = 120_000;
const scansWaitingMax = 8;

const scan = z.object({
  success: z.literal(true),
  height: whole,
  bestblock: hash,
  unspents: z.array(z.object({ txid: hash, vout: whole, amount: sats, height: whole })),
});

/** The outputs of one address that the chain up to `bestblock` leaves unspent. Amounts are satoshis. */
export type UnspentScan = z.output<typeof scan>;

/** Scans the node's set of unspent outputs. */
export interface UnspentScanner {
  /**
   * @param address one that the node has validated
   * @throws ProblemError 503 when a scan that is not ours is running or too many of ours wait
   */
  scan(address: string): Promise<UnspentScan>;
}

/**
 * Makes the scanner. A node runs one scan at a time (on the main network it takes a minute or more), so ours wait for each other
 * and callers that ask for the same address at the same time share one.
 *
 * @param lifeMs gives a scan up, and stops it in the node, after this time; 120 s unless said
 */
export function createUnspentScanner(rpc: RpcClient, lifeMs = scanLifeMs): UnspentScanner {
  const shared = new Map<string, Promise<UnspentScan>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    scan(address) {
      const running = shared.get(address);
      if (running !== undefined) return running;
      if (shared.size >= scansWaitingMax) return Promise.reject(busy());
      const mine = last.then(() => runScan(rpc, address, lifeMs)).finally(() => shared.delete(address));
      last = mine.catch(() => undefined);
      shared.set(address, mine);
      return mine;
    },
  };
}

async function runScan(rpc: RpcClient, address: string, lifeMs: number): Promise<UnspentScan> {
  try {
    return await ask(rpc, 'scantxoutset', ['start', [`addr(${address})`]], scan, {
      refused,
      lifeMs,
    });
  } catch (error) {
    // The node goes on scanning for nobody, and would refuse the next one. A foreign scan cannot be hit: then ours was refused at once.
    if (error instanceof RpcFailure && error.code === 'node-timeout') {
      await rpc.call('scantxoutset', ['abort']).catch(() => undefined);
    }
    throw error;
  }
}

function refused(refusal: NodeRefusal): ProblemError | undefined {
  return refusal.code === nodeRefusalCodes.invalidParameter ? busy() : undefined;
}

function busy(): ProblemError {
  return new ProblemError(
    503,
    'scan-busy',
    'The node is busy scanning for other addresses; try again in a minute.',
  );
}
