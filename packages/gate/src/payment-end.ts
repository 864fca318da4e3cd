import type { Claim } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import { type Refused, used } from './verify.js';

/** How a payment has come to its end: it has bought its answer, nobody redeemed it in time, or the seller paid it back. */
export type End = 'used' | 'credit-expired' | 'refunded';

const endDetails: Readonly<Record<Exclude<End, 'used'>, string>> = {
  'credit-expired':
    'The credit of this payment has expired: nobody redeemed it in time. Pay the new challenge, or ask the seller.',
  refunded: 'The seller has marked this payment as paid back. Pay the new challenge.',
};

/** What a claim has come to for certain, whatever its credential may still prove; undefined while it may be served. */
export function endOf({ state, hold, keyMatches }: Claim): End | 'elsewhere' | undefined {
  if (state === 'expired') return 'credit-expired';
  if (state === 'refunded') return 'refunded';
  if (state === 'answered' && !keyMatches) return 'used';
  return hold === 'theirs' ? 'elsewhere' : undefined;
}

/** The refusal of a credential whose payment has come to its end. */
export function endRefusal(end: End, seller: SellerMethod | undefined): Refused {
  const refusal = used(seller);
  return end === 'used' ? refusal : { ...refusal, reason: end, detail: endDetails[end] };
}
