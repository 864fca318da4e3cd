import { MethodUnavailable } from '@farebox/protocol';
import { decodeUnsigned } from '../bolt11/decode.js';
import { invoiceExpiresMs } from '../bolt11/invoice.js';
import type { CreatedInvoice } from '../node.js';
import type { ChargeNetwork } from './request.js';

/** What an invoice must say. */
export interface ExpectedInvoice {
  readonly amountMsat: bigint;
  readonly network: ChargeNetwork;
}

/**
 * What the invoice really says must be what was asked for, in every point on which the buyer's money and the draft depend
 * (draft-lightning-charge-00: "Servers MUST verify this consistency before issuing the challenge").
 *
 * @returns when it expires, milliseconds since the epoch
 * @throws MethodUnavailable that says in what it differs
 */
export function checkInvoice(created: CreatedInvoice, expected: ExpectedInvoice, nowMs: number): number {
  const { amountMsat, network } = expected;
  // Unsigned: it is ours, and the payer checks who signed it.
  const decoded = decodeUnsigned(created.invoice);
  if (!decoded.ok) {
    throw new MethodUnavailable(
      `The Lightning node's invoice cannot be read (${decoded.code}): ${decoded.detail}`,
    );
  }
  const invoice = decoded.value;
  if (invoice.network !== network) {
    throw new MethodUnavailable(
      `The Lightning node's invoice is for ${invoice.network}, not ${network}; connect a node of that network`,
    );
  }
  if (invoice.amountMsat !== amountMsat) {
    const amount = invoice.amountMsat === undefined ? 'any amount' : `${invoice.amountMsat} msat`;
    throw new MethodUnavailable(`The Lightning node's invoice is for ${amount}, not ${amountMsat} msat`);
  }
  if (invoice.paymentHash !== created.paymentHash) {
    throw new MethodUnavailable('The Lightning node promised another payment hash than is in its invoice');
  }
  const expiresMs = invoiceExpiresMs(invoice);
  if (expiresMs <= nowMs) {
    throw new MethodUnavailable(
      `The Lightning node's invoice has expired already, at ${new Date(expiresMs).toISOString()}; set its clock`,
    );
  }
  return expiresMs;
}
