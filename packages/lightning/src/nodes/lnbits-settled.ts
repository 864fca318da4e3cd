import type { JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../node.js';
import { isSuccess, objectsOf } from './answers.js';
import { need, textOf, wholeOf } from './http/fields.js';
import type { NodeHttp } from './http/node-http.js';
import { described, settledAfterMadeMsMax, settledWithin } from './settled-pages.js';

const pagePaymentsMax = 200;

/**
 * When an entry settled, as far as LNbits tells: when it was last changed. Not a number where that cannot be read.
 * LNbits writes its times without a zone, in UTC.
 */
export function lnbitsSettledMs(entry: JsonObject): number {
  return timeOf(textOf(entry, 'updated_at') ?? textOf(entry, 'time') ?? '');
}

/** The invoices that settled within a period, newest first. LNbits finds them by when they were made. */
export function lnbitsSettled(http: NodeHttp, period: NodePeriod): AsyncGenerator<SettledInvoice> {
  return settledWithin(period, async (number) => {
    const query = new URLSearchParams({
      sortby: 'time',
      direction: 'desc',
      limit: String(pagePaymentsMax),
      offset: String(number * pagePaymentsMax),
    });
    const path = `/api/v1/payments?${query}`;
    const answer = await http.call({ method: 'GET', path, repeating: 'harmless' });
    if (!isSuccess(answer)) throw http.refusal(answer);
    const listed = objectsOf(answer.json);
    const oldestMs = timeOf(textOf(listed.at(-1) ?? {}, 'time') ?? '');
    return {
      invoices: listed.filter(isSettledInvoice).map(settledOf),
      last: listed.length < pagePaymentsMax || oldestMs < period.fromMs - settledAfterMadeMsMax,
    };
  });
}

function timeOf(text: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

function isSettledInvoice(entry: JsonObject): boolean {
  const paid = textOf(entry, 'status') === 'success' || entry.pending === false;
  return paid && (wholeOf(entry, 'amount') ?? 0n) > 0n && !Number.isNaN(lnbitsSettledMs(entry));
}

function settledOf(entry: JsonObject): SettledInvoice {
  return {
    paymentHash: need(textOf(entry, 'payment_hash'), 'LNbits', 'the hash of a payment'),
    receivedMsat: wholeOf(entry, 'amount') ?? 0n,
    settledMs: lnbitsSettledMs(entry),
    ...described(textOf(entry, 'memo')),
  };
}
