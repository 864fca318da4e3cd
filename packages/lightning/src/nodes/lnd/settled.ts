import { isJsonObject, type JsonObject } from '@farebox/protocol';
import type { NodePeriod, SettledInvoice } from '../../node.js';
import { objectsOf } from '../answers.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import type { NodeHttp } from '../http/node-http.js';
import { described, settledAfterMadeMsMax, settledWithin } from '../settled-pages.js';
import { errorOfAnswer } from './refusal.js';
import { hexOf, lndName } from './wire.js';

/** Invoices of one page. LND repeats every part of each, some 3 kB. */
const pageInvoicesMax = 500;

/** The invoices that settled within a period, oldest first. LND finds them by when they were made. */
export function lndSettled(http: NodeHttp, period: NodePeriod): AsyncGenerator<SettledInvoice> {
  const seconds = (ms: number) => String(Math.max(1, Math.floor(ms / 1_000)));
  const query = {
    num_max_invoices: String(pageInvoicesMax),
    creation_date_start: seconds(period.fromMs - settledAfterMadeMsMax),
    creation_date_end: seconds(period.untilMs),
  };
  let offset = 0n;
  return settledWithin(period, async () => {
    const search = new URLSearchParams({ ...query, index_offset: String(offset) });
    const answer = await http.call({ method: 'GET', path: `/v1/invoices?${search}`, repeating: 'harmless' });
    if (answer.status !== 200 || !isJsonObject(answer.json)) throw errorOfAnswer(http, answer);
    const listed = objectsOf(answer.json.invoices);
    const newest = wholeOf(answer.json, 'last_index_offset') ?? 0n;
    // The offset must grow, or the same page would come for ever.
    const last = listed.length < pageInvoicesMax || newest <= offset;
    offset = newest;
    return { invoices: listed.filter((each) => textOf(each, 'state') === 'SETTLED').map(settledOf), last };
  });
}

function settledOf(invoice: JsonObject): SettledInvoice {
  return {
    paymentHash: need(hexOf(invoice, 'r_hash'), lndName, 'the hash of an invoice'),
    receivedMsat: need(wholeOf(invoice, 'amt_paid_msat'), lndName, 'what arrived for an invoice'),
    settledMs: Number(need(wholeOf(invoice, 'settle_date'), lndName, 'when an invoice settled')) * 1_000,
    ...described(textOf(invoice, 'memo')),
  };
}
