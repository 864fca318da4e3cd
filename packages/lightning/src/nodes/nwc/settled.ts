import type { JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../../node.js';
import { objectsOf } from '../answers.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import { described, settledAfterMadeMsMax, settledWithin } from '../settled-pages.js';
import { stateOf } from './words.js';

const name = 'The wallet';

/** As NIP-47 recommends: answers of more may be too long for a relay. */
const pageTransactionsMax = 20;

/** The invoices that settled within a period, newest first. NIP-47 finds them by when they were made. */
export function nwcSettled(
  list: (params: JsonObject) => Promise<JsonObject>,
  period: NodePeriod,
): AsyncGenerator<SettledInvoice> {
  const seen = new Set<string | undefined>();
  const seconds = (ms: number) => Math.max(0, Math.floor(ms / 1_000));
  return settledWithin(period, async (number) => {
    const answer = await list({
      type: 'incoming',
      unpaid: false,
      from: seconds(period.fromMs - settledAfterMadeMsMax),
      until: seconds(period.untilMs + 1_000),
      limit: pageTransactionsMax,
      offset: number * pageTransactionsMax,
    });
    const listed = objectsOf(answer.transactions);
    // Some wallets give fewer at a time than they are asked for, and some the same ones again.
    const hashes = listed.map((each) => textOf(each, 'payment_hash'));
    const last = hashes.every((hash) => seen.has(hash));
    for (const hash of hashes) seen.add(hash);
    return { invoices: listed.filter(isSettledInvoice).map(settledOf), last };
  });
}

function isSettledInvoice(transaction: JsonObject): boolean {
  return textOf(transaction, 'type') !== 'outgoing' && stateOf(transaction) === 'settled';
}

function settledOf(transaction: JsonObject): SettledInvoice {
  const settledAt = need(wholeOf(transaction, 'settled_at'), name, 'when a payment settled');
  return {
    paymentHash: need(textOf(transaction, 'payment_hash'), name, 'the hash of a payment'),
    receivedMsat: need(wholeOf(transaction, 'amount'), name, 'what arrived'),
    settledMs: Number(settledAt) * 1_000,
    ...described(textOf(transaction, 'description')),
  };
}
