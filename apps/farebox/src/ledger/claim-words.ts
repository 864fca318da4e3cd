import type { Claim, ClaimState } from '@farebox/ledger';
import type { QuotedRate } from '@farebox/protocol';
import { showTime } from './moments.js';

/** Each state in words. */
export const STATE_WORDS: Readonly<Record<ClaimState, string>> = {
  claimed: 'paid; a gateway holds the payment while its upstream works',
  unknown: 'paid; the upstream was asked, and nobody knows what it did',
  released: 'paid and not delivered: a credit, redeemable with the same credential',
  delivered: 'paid and delivered; the answer is on its way',
  cut: 'paid and delivered, but the answer did not reach the buyer completely: it may be given again',
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
    `  farebox ledger resolve ${claim.seq} --delivered   it did it: the buyer can fetch the answer`,
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
        ? ['The gateway that was answering has ended; the buyer can send the same credential again.', refund]
        : ['Wait: a gateway is giving the answer.'];
    case 'cut':
      return ['The buyer can send the same credential again to get the answer.', refund];
    case 'answered':
    case 'expired':
      return [refund];
    case 'refunded':
      return [];
  }
}
