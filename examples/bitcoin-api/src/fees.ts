import { z } from 'zod';
import { tipHeight } from './blocks.js';
import { ask, jsonSats, sats, whole } from './node-reader.js';
import type { RpcClient } from './rpc-client.js';

const satsPerKvbPerSatPerVb = 1000;

/** Fee rates in satoshis per virtual byte for confirmation within one, two and three blocks. */
export interface FeeEstimate {
  currentBlockHeight: number;
  unit: 'sat/vB';
  estimates: { nextBlock: number; in2Blocks: number; in3Blocks: number };
  /**
   * `node-estimate`: from the node's record of how fast transactions were confirmed.
   * `mempool-minimum`: the node has too little of it (always on a quiet chain), so some of the rates are the lowest that its mempool takes.
   */
  source: 'node-estimate' | 'mempool-minimum';
}

/** The state of the node's mempool. Rates are satoshis per virtual byte. */
export interface MempoolFees {
  currentBlockHeight: number;
  unit: 'sat/vB';
  txCount: number;
  vbytes: number;
  /** The sum of all fees, in satoshis; `null` when the node does not tell. */
  totalFeesSats: number | null;
  /** `min`: what the mempool takes now. `relay`: what the node passes on at all. `avg`: `null` for an empty mempool or an unknown sum. */
  feeRates: { min: number; relay: number; avg: number | null };
}

const estimate = z.object({ feerate: sats.optional() });

const mempool = z.object({
  size: whole,
  bytes: whole,
  total_fee: sats.optional(),
  mempoolminfee: sats,
  minrelaytxfee: sats,
});

/** Answers estimated fee rates. */
export async function estimateFees(rpc: RpcClient): Promise<FeeEstimate> {
  const [height, next, second, third, { mempoolminfee }] = await Promise.all([
    tipHeight(rpc),
    ask(rpc, 'estimatesmartfee', [1], estimate),
    ask(rpc, 'estimatesmartfee', [2], estimate),
    ask(rpc, 'estimatesmartfee', [3], estimate),
    ask(rpc, 'getmempoolinfo', [], mempool),
  ]);
  const rates = [next, second, third].map(({ feerate }) => feerate);
  const [nextBlock = 0, in2Blocks = 0, in3Blocks = 0] = rates.map((rate) => satPerVb(rate ?? mempoolminfee));
  return {
    currentBlockHeight: height,
    unit: 'sat/vB',
    estimates: { nextBlock, in2Blocks, in3Blocks },
    source: rates.includes(undefined) ? 'mempool-minimum' : 'node-estimate',
  };
}

/** Answers the size of the mempool and its fee rates. */
export async function mempoolFees(rpc: RpcClient): Promise<MempoolFees> {
  const [height, info] = await Promise.all([tipHeight(rpc), ask(rpc, 'getmempoolinfo', [], mempool)]);
  const { total_fee: total, bytes } = info;
  return {
    currentBlockHeight: height,
    unit: 'sat/vB',
    txCount: info.size,
    vbytes: bytes,
    totalFeesSats: total === undefined ? null : jsonSats(total),
    feeRates: {
      min: satPerVb(info.mempoolminfee),
      relay: satPerVb(info.minrelaytxfee),
      avg:
        total === undefined || bytes === 0
          ? null
          : satPerVb((total * BigInt(satsPerKvbPerSatPerVb)) / BigInt(bytes)),
    },
  };
}

/** Satoshis per thousand virtual bytes, as the node gives them, to satoshis per virtual byte: a rate, with up to three decimals. */
function satPerVb(satPerKvb: bigint): number {
  return Number(satPerKvb) / satsPerKvbPerSatPerVb;
}
