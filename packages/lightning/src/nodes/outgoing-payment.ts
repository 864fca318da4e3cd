import { hash } from 'node:crypto';
import { decodeInvoice } from '../bolt11/decode.js';
import { invoiceExpiresMs } from '../bolt11/invoice.js';
import { type LightningNetwork, NodeError, type PaymentRequest, type PaymentState } from '../node.js';

/** Longest time that a payment is given, milliseconds. */
export const payTimeoutMsMax = 3_600_000;

/** A payment that has been held against what the node can do. */
export interface OutgoingPayment {
  readonly invoice: string;
  /** Lowercase hex, of the invoice itself. */
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  readonly maxFeeMsat: bigint;
  readonly timeoutMs: number;
}

/**
 * Reads an invoice before anything is sent: its hash and amount are what the payment is known by afterwards, so they
 * are taken from the invoice and not from the node's answer.
 *
 * @param network where it is known without asking the node
 * @throws NodeError `node_refused`: unreadable, without an amount, for another network, expired, or limits that are none
 */
export function readOutgoing(
  node: string,
  request: PaymentRequest,
  network: LightningNetwork | undefined,
  nowMs: number,
): OutgoingPayment {
  const { maxFeeMsat, timeoutMs } = request;
  const decoded = decodeInvoice(request.invoice);
  if (!decoded.ok) throw refused(`The invoice cannot be read (${decoded.code}): ${decoded.detail}.`);
  const invoice = decoded.value;
  if (network !== undefined && invoice.network !== network) {
    throw refused(`The invoice is for ${invoice.network}, and ${node} is on ${network}.`);
  }
  if (invoice.amountMsat === undefined || invoice.amountMsat <= 0n) {
    throw refused('The invoice names no amount; only invoices for a fixed amount are paid.');
  }
  if (invoiceExpiresMs(invoice) <= nowMs) throw refused('The invoice has expired; ask for a new one.');
  if (maxFeeMsat < 0n) throw refused('The fee cap must not be negative.');
  if (!(timeoutMs > 0 && timeoutMs <= payTimeoutMsMax)) {
    throw refused(`A payment is given up to ${payTimeoutMsMax} ms, and more than none.`);
  }
  const { paymentHash, amountMsat } = invoice;
  return { invoice: request.invoice, paymentHash, amountMsat, maxFeeMsat, timeoutMs };
}

/**
 * A success, if the preimage proves it. A node that says "paid" without the right preimage has perhaps spent the
 * money and certainly proved nothing: that stays `in-flight`, which is never paid again.
 */
export function provenSuccess(
  paymentHash: string,
  preimage: string | undefined,
  feeMsat: bigint,
): PaymentState {
  const text = preimage?.toLowerCase() ?? '';
  const proves =
    /^[0-9a-f]{64}$/.test(text) && hash('sha256', Buffer.from(text, 'hex'), 'hex') === paymentHash;
  if (!proves) return { status: 'in-flight' };
  // Rounding of a node that counts in satoshis can make it negative.
  return { status: 'succeeded', preimage: text, feeMsat: feeMsat < 0n ? 0n : feeMsat };
}

function refused(message: string): NodeError {
  return new NodeError('node_refused', message);
}
