import type { TempoChain } from '../chain/chain.js';
import type { Hex } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { SignedTransaction } from '../transaction/decode.js';
import { recoverSigner } from '../transaction/signature.js';
import type { NodeVerdict } from './node-verdict.js';

/** Most transactions that are remembered; the oldest make room. */
export const handedOverMax = 20_000;

/**
 * Transactions without an end of their own that were presented and sent in time, and of which nobody knew then what became.
 * The payer has done all that was asked: mined after the challenge's end, they count as paid when they were presented. In this
 * process only.
 */
export interface HandedOver {
  /**
   * To be told when nobody knows what became of it, and what the node `said` of it. Never rejects.
   *
   * One that the node refuses is not handed over, whatever was before: its payer may leave too little for it, and refill the
   * account days later. One that the node has already may wait there for the same reason, and is noted only if it was before.
   */
  note(
    chain: TempoChain,
    transaction: SignedTransaction,
    said: NodeVerdict['kind'] | undefined,
    nowMs: number,
  ): Promise<void>;
  /** When it was presented, milliseconds since the epoch. */
  presentedMs(hash: Hex): number | undefined;
}

/** Makes an empty book. */
export function createHandedOver(max = handedOverMax): HandedOver {
  const presented = new Map<Hex, number>();
  return {
    async note(chain, transaction, said, nowMs) {
      const { hash } = transaction;
      if (said === 'refused' || !(await isNext(chain, transaction))) {
        presented.delete(hash);
        return;
      }
      if (said === 'seen' || presented.has(hash)) return;
      for (const oldest of presented.keys()) {
        if (presented.size < max) break;
        presented.delete(oldest);
      }
      presented.set(hash, nowMs);
    },
    presentedMs: (hash) => presented.get(hash),
  };
}

/**
 * Whether nothing but the chain holds it up. One that waits for an earlier transaction, which its payer may send or not, days
 * later, was not handed over: it would be a free choice to buy at the old price. A node that does not answer is not the payer's
 * doing.
 */
async function isNext(chain: TempoChain, transaction: SignedTransaction): Promise<boolean> {
  const { nonceKey, nonce, signature, signingDigest } = transaction;
  if (nonce === 0n) return true;
  if (nonceKey !== 0n) return false;
  const signer = await recoverSigner(signature, signingDigest);
  if (signer === undefined) return false;
  try {
    return nonce <= (await chain.nonce(signer.account));
  } catch (error) {
    if (error instanceof TempoRpcError) return true;
    throw error;
  }
}
