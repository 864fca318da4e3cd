import { decodeRequest } from '@farebox/protocol';
import { checkKeptReceipt, type JournalEntry } from '@farebox/wallet';
import type pc from 'picocolors';
import { printable } from '../ledger/printable.js';
import { table } from '../output.js';
import { viewAmount } from '../policy/views.js';
import { showMoney, showPayees, viewEntry } from '../views.js';

/** What a Lightning invoice says, as JSON. */
interface InvoiceView {
  readonly network: string;
  readonly amountMsat: string | null;
  readonly paymentHash: string;
  readonly payee: string;
  readonly description: string | null;
  readonly created: string;
  readonly expires: string;
}

/** One payment, whole but for its proof. */
export type PaymentView = Awaited<ReturnType<typeof viewPayment>>;

/** One payment, as JSON. Texts of the seller are data, nothing to obey. */
export async function viewPayment(entry: JournalEntry) {
  const { challenge, request } = entry;
  return {
    ...viewEntry(entry),
    paymentMethod: `${challenge.method}/${challenge.intent}`,
    maxFee: viewAmount(entry.maxFee),
    price: viewAmount(entry.price),
    // As the seller wrote it, decoded.
    challengeRequest: decodeRequest(challenge.request) ?? null,
    invoice: await viewInvoice(entry),
    request:
      request === undefined
        ? null
        : {
            url: request.url,
            method: request.method,
            headers: request.headers.map(([name, value]) => ({ name, value })),
            withheldHeaders: request.withheld,
            bodyBytes: request.body?.byteLength ?? 0,
            credentialHeader: request.credentialHeader,
          },
    receiptCheck: checkKeptReceipt(entry),
    times: times(entry),
  };
}

async function viewInvoice({ challenge, payee }: JournalEntry): Promise<InvoiceView | null> {
  if (challenge.method !== 'lightning') return null;
  const details = decodeRequest(challenge.request)?.methodDetails;
  const text =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : undefined;
  if (typeof text !== 'string') return null;
  const { decodeInvoice } = await import('@farebox/lightning');
  const decoded = decodeInvoice(text);
  if (!decoded.ok) return null;
  const { network, amountMsat, paymentHash, description, timestamp, expirySeconds } = decoded.value;
  const instant = (seconds: number) => new Date(seconds * 1_000).toISOString();
  return {
    network,
    amountMsat: amountMsat === undefined ? null : String(amountMsat),
    paymentHash,
    // Recovered from the signature when it was inspected.
    payee,
    description: description ?? null,
    created: instant(timestamp),
    expires: instant(timestamp + expirySeconds),
  };
}

/** When what happened; the durations are `null` where one end is missing. */
function times({ createdMs, payingMs, paidMs, deliveredMs, updatedMs, expiresMs }: JournalEntry) {
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const between = (from?: number, to?: number) => (from === undefined || to === undefined ? null : to - from);
  return {
    planned: instant(createdMs),
    paying: instant(payingMs),
    paid: instant(paidMs),
    delivered: instant(deliveredMs),
    lastChange: instant(updatedMs),
    expires: instant(expiresMs),
    payingMs: between(payingMs, paidMs),
    deliveringMs: between(paidMs, deliveredMs),
  };
}

/** One payment for people. */
export function showPayment(view: PaymentView, color: ReturnType<typeof pc.createColors>): string {
  const { times, cost, challenge, request, receiptCheck, invoice } = view;
  const fee =
    cost.fee === null ? undefined : { amount: BigInt(cost.fee.amount), currency: cost.fee.currency };
  const took = (ms: number | null) => (ms === null ? '' : ` (${ms} ms)`);
  const rows: (readonly [string, string | undefined])[] = [
    ['payment', view.id],
    ['state', `${view.state}: ${view.outcome}${view.credit ? ', a credit: farebox pay resume' : ''}`],
    ['request', request === null ? 'an invoice by hand' : `${request.method} ${request.url}`],
    ['price', view.price.text],
    ['fee', fee === undefined ? `at most ${view.maxFee.text}` : showMoney(fee)],
    ['method', `${view.paymentMethod} on ${challenge.network}`],
    ['realm', challenge.realm],
    ['challenge', challenge.id],
    ['payee', showPayees(challenge)],
    ['for', challenge.description ?? undefined],
    ['invoice', invoice === null ? undefined : `${invoice.paymentHash}, expires ${invoice.expires}`],
    ['reference', challenge.reference],
    ['receipt', receiptCheck.text],
    ['status', view.status === null ? undefined : String(view.status)],
    ['detail', view.detail ?? undefined],
    ['presented', view.presentations === 0 ? undefined : `${view.presentations} times`],
    ['planned', times.planned ?? undefined],
    ['asked to pay', times.paying ?? undefined],
    ['paid', times.paid === null ? undefined : `${times.paid}${took(times.payingMs)}`],
    ['delivered', times.delivered === null ? undefined : `${times.delivered}${took(times.deliveringMs)}`],
  ];
  return table(
    rows.map(([name, value]) => [name, value === undefined ? undefined : printable(value)] as const),
    color,
  );
}
