import type { InvoiceNode } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { terms } from '../terms.js';

/** Seconds that the gateway adds to a challenge's life when it asks for an invoice. */
const graceSeconds = 5;
/** Invoices that are signed in advance and handed out in turn: signing is a node's work, not a gateway's. */
const invoicesMax = 200;

/** What both gateways ask their node for. */
export const invoiceRequest = {
  amountMsat: terms.priceSat * 1_000n,
  description: terms.description,
  expirySeconds: terms.challengeLifeMs / 1_000 + graceSeconds,
} as const;

/** The seller's node: real, signed BOLT 11 invoices that nobody pays, made before the clock starts. */
export function openMerchant(): InvoiceNode {
  const node = new PaperNode();
  node.premint(invoicesMax, invoiceRequest, { reuse: true });
  return node;
}
