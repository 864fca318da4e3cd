import type { Amount, Inspection } from '@farebox/protocol';
import { z } from 'zod';
import { answerHeader } from '../answer.js';
import type { FreeAnswer, Priced } from '../buy.js';
import type { JournalEntry } from '../journal.js';
import { offersPayment } from '../offers-payment.js';
import type { Delivered } from '../present.js';
import { receiptWarning } from '../receipt-check.js';
import { plainText } from '../seller-problem.js';
import { spentIn } from '../states.js';
import type { ShownAnswer } from './answer-shelf.js';
import { untrusted } from './result.js';
import { cleanText } from './untrusted.js';

/** An amount, for programs and for people. */
export const costSchema = z.object({
  amount: z.string(),
  currency: z.string(),
  text: z.string(),
});

/** Everybody who would be paid, with how much; empty where it is the payee alone. */
export const payeesSchema = z.array(costSchema.extend({ payee: z.string() }));

/** A seller's words within a result; see `untrusted`. */
export const untrustedSchema = z.looseObject({ note: z.string(), from: z.string() });

/** One payment of the journal. */
export const paymentSchema = z.object({
  id: z.string(),
  state: z.string(),
  url: z.string().nullable(),
  method: z.string().nullable(),
  cost: costSchema,
  fee: costSchema.nullable().describe('Spent even where paid is false'),
  paid: z.boolean().nullable(),
  receipt: z.boolean(),
  created: z.string(),
});

type ShowAmount = (amount: Amount) => string;

/** An amount as results show it. */
export function viewAmount(amount: Amount, show: ShowAmount): z.infer<typeof costSchema> {
  return { amount: String(amount.amount), currency: amount.currency, text: show(amount) };
}

/** A payment as results show it: never the proof, and of the seller's words only the address that was asked. */
export function viewPayment(entry: JournalEntry, show: ShowAmount) {
  const spent = spentIn(entry);
  return {
    id: entry.id,
    state: entry.state,
    url: entry.request?.url ?? null,
    method: entry.request?.method ?? null,
    cost: viewAmount(entry.paid ?? entry.price, show),
    fee: entry.fee === undefined ? null : viewAmount(entry.fee, show),
    paid: spent === 'maybe' ? null : spent === 'yes',
    receipt: entry.receipt !== undefined,
    created: new Date(entry.createdMs).toISOString(),
  };
}

function viewPayees({ payees = [] }: Inspection, show: ShowAmount) {
  return payees.map(({ payee, amount }) => ({ payee: cleanText(payee), ...viewAmount(amount, show) }));
}

/** What a request would cost. */
export function viewPriced(priced: Priced, from: string, show: ShowAmount) {
  const { challenge, inspection, objection, credits, choice } = priced;
  const description = inspection.description ?? challenge.description;
  return {
    ok: true,
    paid: false,
    asks_for_payment: true,
    status: priced.status,
    cost: viewAmount(inspection.price, show),
    payee: cleanText(inspection.payee),
    payees: viewPayees(inspection, show),
    payment_method: `${challenge.method}/${challenge.intent}`,
    network: inspection.network,
    expires: new Date(inspection.expiresMs).toISOString(),
    would_be_paid: objection === undefined,
    objection:
      objection === undefined ? null : { code: objection.code, message: cleanText(objection.message) },
    // Paid for already and not delivered: to be resumed instead of being paid for again.
    credits: credits.map(({ id }) => id),
    chosen_because: choice ?? null,
    untrusted: untrusted(from, {
      realm: plainText(challenge.realm),
      ...(description !== undefined && { description: plainText(description) }),
    }),
  };
}

/** An answer that cost nothing. */
export function viewFree({ answer }: FreeAnswer, shown: ShownAnswer, from: string) {
  const { status } = answer;
  return {
    ok: status >= 200 && status <= 299,
    paid: false,
    asks_for_payment: offersPayment(status, answerHeader(answer, 'www-authenticate')),
    status,
    ...viewBody(shown),
    untrusted: untrusted(from, { body: cleanText(shown.text) }),
  };
}

/** A paid answer. */
export function viewDelivered(
  { entry, answer, receipt }: Delivered,
  shown: ShownAnswer,
  from: string,
  show: ShowAmount,
) {
  const fee = entry.fee;
  return {
    ok: true,
    paid: true,
    id: entry.id,
    status: answer.status,
    cost: viewAmount(entry.paid ?? entry.price, show),
    fee: fee === undefined ? null : { amount: String(fee.amount), currency: fee.currency },
    receipt: receipt.status,
    warning: receiptWarning(receipt) ?? null,
    ...viewBody(shown),
    untrusted: untrusted(from, { body: cleanText(shown.text) }),
  };
}

/** What is said of a body beside the body itself. */
export function viewBody(shown: ShownAnswer) {
  return {
    body_encoding: shown.encoding,
    body_bytes: shown.bytes,
    body_truncated: shown.truncated,
    body_file: shown.file ?? null,
  };
}
