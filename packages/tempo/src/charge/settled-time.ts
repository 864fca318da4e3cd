import { MethodUnavailable, type Settlement } from '@farebox/protocol';
import { readWord } from '../chain/hex.js';
import { type SellerContext, unavailable } from './seller-context.js';

/**
 * When a payment was made, by the clock of the chain, milliseconds since the epoch: two calls of the node. Only who comes after
 * the end of the challenge is asked for it: without a `validBefore` a transaction can be mined at any time, and a hash be of any
 * time. Undefined for a proof, which pays nothing.
 *
 * @throws MethodUnavailable when the node cannot be asked, or does not have that block.
 */
export function createSettledMs({ chain, handedOver }: Pick<SellerContext, 'chain' | 'handedOver'>) {
  return async function settledMs({ reference }: Settlement): Promise<number | undefined> {
    const hash = readWord(reference);
    if (hash === undefined) return undefined;
    const presentedMs = handedOver.presentedMs(hash);
    if (presentedMs !== undefined) return presentedMs;
    const receipt = await chain.receipt(hash).catch(unavailable);
    const timeS = receipt && (await chain.blockTimeS(receipt.blockNumber).catch(unavailable));
    if (timeS === undefined) {
      throw new MethodUnavailable(
        'The Tempo node does not say when the payment was made; present the same credential again, do not pay again',
      );
    }
    return timeS * 1_000;
  };
}
