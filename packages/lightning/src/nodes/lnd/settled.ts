import { isJsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../../node.js';
import { objectsOf } from '../answers.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import type { NodeHttp } from '../http/node-http.js';
import { errorOfAnswer } from './refusal.js';
import { hexOf, lndName } from './wire.js';

/** Invoices of one page. LND repeats every part of each, some 3 kB. */
const pageInvoicesMax = 500;

/** LND finds invoices by when they were made. One that was paid later than this after it was made is not found. */
export const settledAfterMsMax = 7 * 24 * 60 * 60 * 1_000;

/** The invoices that settled within a period, oldest first. */
export async function* settledInvoices(http: NodeHttp, period: NodePeriod): AsyncGenerator<SettledInvoice> {
  const seconds = (ms: number) => String(Math.max(1, Math.floor(ms / 1_000)));
  const query = {
    num_max_invoices: String(pageInvoicesMax),
    creation_date_start: seconds(period.fromMs - settledAfterMsMax),
    creation_date_end: seconds(period.untilMs),
  };
  for (let offset = 0n; ; ) {
    const search = new URLSearchParams({ ...query, index_offset: String(offset) });
    const answer = await http.call({ method: 'GET', path: `/v1/invoices?${search}`, repeating: 'harmless' });
    if (answer.status !== 200 || !isJsonObject(answer.json)) throw errorOfAnswer(http, answer);
    const invoices = objectsOf(answer.json.invoices);
    for (const invoice of invoices) {
      if (textOf(invoice, 'state') !== 'SETTLED') continue;
      const settledMs =
        Number(need(wholeOf(invoice, 'settle_date'), lndName, 'when an invoice settled')) * 1_000;
      if (settledMs < period.fromMs || settledMs >= period.untilMs) continue;
      const description = textOf(invoice, 'memo') ?? '';
      yield {
        paymentHash: need(hexOf(invoice, 'r_hash'), lndName, 'the hash of an invoice'),
        receivedMsat: need(wholeOf(invoice, 'amt_paid_msat'), lndName, 'what arrived for an invoice'),
        settledMs,
        ...(description === '' ? {} : { description }),
      };
    }
    const last = wholeOf(answer.json, 'last_index_offset') ?? 0n;
    // The offset must grow, or the same page would come for ever.
    if (invoices.length < pageInvoicesMax || last <= offset) return;
    offset = last;
  }
}
