import { randomBytes } from 'node:crypto';
import { MethodUnavailable, type Offer, type Quote, type QuoteContext } from '@farebox/protocol';
import { requestTextCharsMax, writeTempoChargeRequest } from './request.js';
import { type SellerContext, unavailable } from './seller-context.js';
import { priceOffer } from './terms.js';

/** Random bytes in each challenge's `externalId`. */
const externalIdBytes = 12;

/** Makes a function that asks for the node's chain id until it was the right one, once. */
function chainPin(ask: () => Promise<number>, chainId: number): () => Promise<void> {
  let right = false;
  return async () => {
    if (right) return;
    const found = await ask().catch(unavailable);
    if (found !== chainId) {
      throw new MethodUnavailable(
        `The Tempo node belongs to chain ${found}, not ${chainId}; connect another`,
      );
    }
    right = true;
  };
}

/** The seller's half that makes challenges. Asks the node once which chain it belongs to, and then nothing more. */
export function createQuote(context: SellerContext) {
  const { chain, chainId, tokens, sponsor } = context;
  const pin = chainPin(chain.chainId, chainId);

  return async function quote(offer: Offer, { nowMs, challengeLifeMs }: QuoteContext): Promise<Quote> {
    const { token, amount, terms, splits } = priceOffer(offer, tokens);
    await pin();
    const feePayer =
      terms.sponsored &&
      amount > 0n &&
      sponsor !== undefined &&
      (await sponsor.canPromise(nowMs).catch(unavailable));
    const request = writeTempoChargeRequest({
      amount,
      currency: token,
      recipient: terms.recipient,
      ...(offer.description === undefined
        ? undefined
        : { description: offer.description.slice(0, requestTextCharsMax) }),
      // Nothing else in the request is this challenge's own: without it, two challenges of one second would share an id.
      externalId: randomBytes(externalIdBytes).toString('base64url'),
      chainId,
      feePayer,
      splits,
      // A hash is never taken where the seller pays the fee: it would have been paid already.
      supportedModes: context.push && !feePayer ? ['pull', 'push'] : ['pull'],
    });
    return { request, expiresMs: nowMs + challengeLifeMs };
  };
}
