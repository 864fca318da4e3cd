import type { JsonObject, JsonValue } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../node.js';
import { need, textOf, wholeOf } from './http/fields.js';
import { described, settledAfterMadeMsMax, settledWithin } from './settled-pages.js';

const pagePaymentsMax = 200;

/**
 * When an entry settled, as far as LNbits tells: when it was last changed, or, in 0.12, when it was made. Undefined
 * where that cannot be read.
 */
export function lnbitsSettledMs(entry: JsonObject): number | undefined {
  return timeOf(entry.updated_at) ?? timeOf(entry.time);
}

/** The invoices that settled within a period, newest first. LNbits finds them by when they were made. */
export function lnbitsSettled(
  list: (query: string) => Promise<readonly JsonObject[]>,
  period: NodePeriod,
): AsyncGenerator<SettledInvoice> {
  return settledWithin(period, async (number) => {
    const query = new URLSearchParams({
      sortby: 'time',
      direction: 'desc',
      limit: String(pagePaymentsMax),
      offset: String(number * pagePaymentsMax),
    });
    const listed = await list(`?${query}`);
    const oldestMs = timeOf(listed.at(-1)?.time) ?? period.fromMs;
    return {
      invoices: listed.filter(isSettledInvoice).map(settledOf),
      last: listed.length < pagePaymentsMax || oldestMs < period.fromMs - settledAfterMadeMsMax,
    };
  });
}

/** Text without a zone, in UTC; in 0.12 seconds since the epoch. */
function timeOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value * 1_000;
  if (typeof value !== 'string') return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function isSettledInvoice(entry: JsonObject): boolean {
  const paid = textOf(entry, 'status') === 'success' || entry.pending === false;
  return paid && (wholeOf(entry, 'amount') ?? 0n) > 0n;
}

function settledOf(entry: JsonObject): SettledInvoice {
  return {
    paymentHash: need(textOf(entry, 'payment_hash'), 'LNbits', 'the hash of a payment'),
    receivedMsat: wholeOf(entry, 'amount') ?? 0n,
    settledMs: need(lnbitsSettledMs(entry), 'LNbits', 'a time of a payment that can be read'),
    ...described(textOf(entry, 'memo')),
  };
}
