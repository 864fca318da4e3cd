import type { Claim, ClaimState } from '@farebox/ledger';
import type { QuotedRate } from '@farebox/protocol';
import { showTime } from './moments.js';

/** Each state in words. */
export const STATE_WORDS: Readonly<Record<ClaimState, string>> = {
  claimed: 'paid; a gateway holds the payment while its upstream works',
  unknown: 'paid; the upstream was asked, and nobody knows what it did',
  released: 'paid and not delivered: a credit, redeemable with the same credential',
  delivered: 'paid and delivered; the answer is on its way',
  cut: 'paid and delivered, but the answer did not reach the buyer completely',
  answered: 'paid and delivered; the answer has left completely, and the credential is used up',
  expired: 'paid and not delivered; nobody redeemed the credit in time',
  refunded: 'the buyer has been paid back',
};

/** The rate that a price was quoted at: `0.002 USD at 65012.5 USD/BTC, as of 2026-01-31 12:00:00Z`. */
export function rateWords({ price, currency, rate, unit, asOfMs }: QuotedRate): string {
  return `${price} ${currency} at ${rate} ${currency}/${unit}, as of ${showTime(asOfMs)}`;
}

/** What can be done about a claim, as sentences: by the buyer, by a gateway, or with a command. Empty: nothing. */
export function nextSteps(claim: Claim): readonly string[] {
  const resolve = [
    `Find out from the upstream what it did for this claim, then say so:`,
    `  farebox ledger resolve ${claim.seq} --delivered   it did it: the payment is yours; the buyer is told 409 answer-lost`,
    `  farebox ledger resolve ${claim.seq} --released    it did nothing: the credential works again`,
  ];
  const refund = `If you pay the buyer back, record it: farebox ledger refund-mark ${claim.seq}`;
  const orphaned = claim.hold === 'orphaned';
  switch (claim.state) {
    case 'claimed':
      return orphaned
        ? ['The gateway that held it has ended.', ...resolve, refund]
        : ['Wait: a gateway is working on it. If that gateway has ended, the next one to start will say so.'];
    case 'unknown':
      return [...resolve, refund];
    case 'released':
      return ['The buyer can send the same credential again.', refund];
    case 'delivered':
      return orphaned
        ? ['The gateway that was answering has ended.', ...again(claim), refund]
        : ['Wait: a gateway is giving the answer.'];
    case 'cut':
      return [...again(claim), refund];
    case 'answered':
    case 'expired':
      return [refund];
    case 'refunded':
      return [];
  }
}

/** What a buyer whose answer did not leave completely gets for the same credential. */
function again({ answerKept }: Claim): readonly string[] {
  const bound = 'at most 3 times in all (redemption.redeliveries).';
  return answerKept
    ? [`The buyer can send the same credential again and gets the kept answer, ${bound}`]
    : [
        'No answer is kept. Where the route is once, the buyer is told 409 answer-lost: hand the answer over, or pay it back.',
        `Where it is safe or idempotent, the same credential has the upstream asked again, ${bound}`,
      ];
}
