import type { JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../node.js';
import { need, textOf, wholeOf } from './http/fields.js';
import { described, settledWithin } from './settled-pages.js';

const name = 'phoenixd';

const pagePaymentsMax = 200;

/** The invoices that settled within a period, newest first. */
export function phoenixdSettled(
  list: (path: string) => Promise<readonly JsonObject[]>,
  period: NodePeriod,
): AsyncGenerator<SettledInvoice> {
  return settledWithin(period, async (number) => {
    const query = new URLSearchParams({
      from: String(period.fromMs),
      to: String(period.untilMs),
      limit: String(pagePaymentsMax),
      offset: String(number * pagePaymentsMax),
    });
    const listed = await list(`/payments/incoming?${query}`);
    return {
      invoices: listed.filter((payment) => payment.isPaid === true).map(settledOf),
      // A short page may be followed by others: phoenixd counts what arrived on chain, and then leaves it out.
      last: listed.length === 0,
    };
  });
}

function settledOf(payment: JsonObject): SettledInvoice {
  return {
    paymentHash: need(textOf(payment, 'paymentHash'), name, 'the hash of a payment'),
    receivedMsat: need(wholeOf(payment, 'receivedSat'), name, 'what arrived') * 1_000n,
    settledMs: Number(need(wholeOf(payment, 'completedAt'), name, 'when a payment arrived')),
    ...described(textOf(payment, 'description')),
  };
}
