import type { JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../../node.js';
import { objectsOf } from '../answers.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import { described, settledWithin } from '../settled-pages.js';
import { clnName, msatOf } from './fields.js';

const pageInvoicesMax = 500;

/** The invoices that settled within a period. Core Lightning finds them by number only: all are read. */
export function clnSettled(
  ask: (method: string, params: JsonObject) => Promise<JsonObject>,
  period: NodePeriod,
): AsyncGenerator<SettledInvoice> {
  let start = 1n;
  return settledWithin(period, async () => {
    const params = { index: 'created', start: Number(start), limit: pageInvoicesMax };
    const listed = objectsOf((await ask('listinvoices', params)).invoices);
    const newest = listed.reduce((index, each) => {
      const own = wholeOf(each, 'created_index') ?? 0n;
      return own > index ? own : index;
    }, 0n);
    // The number must grow, or the same page would come for ever.
    const last = listed.length === 0 || newest < start;
    start = newest + 1n;
    return { invoices: listed.filter((each) => textOf(each, 'status') === 'paid').map(settled), last };
  });
}

function settled(invoice: JsonObject): SettledInvoice {
  return {
    paymentHash: need(textOf(invoice, 'payment_hash'), clnName, 'the hash of an invoice'),
    receivedMsat: need(msatOf(invoice, 'amount_received_msat'), clnName, 'what arrived for an invoice'),
    settledMs: Number(need(wholeOf(invoice, 'paid_at'), clnName, 'when an invoice settled')) * 1_000,
    ...described(textOf(invoice, 'description')),
  };
}
