import type { JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../../node.js';
import { objectsOf } from '../answers.js';
import { textOf, wholeOf } from '../http/fields.js';
import { described, settledAfterMadeMsMax, settledWithin } from '../settled-pages.js';
import { stateOf } from './words.js';

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
    return { invoices: listed.flatMap(settledOf), last };
  });
}

function settledOf(transaction: JsonObject): SettledInvoice[] {
  const paymentHash = textOf(transaction, 'payment_hash');
  const receivedMsat = wholeOf(transaction, 'amount');
  const settledAt = wholeOf(transaction, 'settled_at') ?? 0n;
  const outgoing = textOf(transaction, 'type') === 'outgoing';
  if (outgoing || stateOf(transaction) !== 'settled' || settledAt <= 0n) return [];
  if (paymentHash === undefined || receivedMsat === undefined) return [];
  const settledMs = Number(settledAt) * 1_000;
  return [{ paymentHash, receivedMsat, settledMs, ...described(textOf(transaction, 'description')) }];
}
