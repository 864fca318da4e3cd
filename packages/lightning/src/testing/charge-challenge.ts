import { createHash } from 'node:crypto';
import { type Challenge, encodeRequest, type JsonObject } from '@farebox/protocol';
import { encodeInvoice, type InvoiceDraft } from '../bolt11/encode.js';
import { nodeIdOf } from '../bolt11/signature.js';

/** A challenge as an honest seller makes it, and how to spoil it. */
export const nowMs = Date.parse('2026-03-15T12:00:00Z');

/** The seller's node. */
export const secretKey = Buffer.alloc(32, 9);
export const payee = nodeIdOf(secretKey);
/** What paying the invoice reveals, and its hash. */
export const preimage = '5a'.repeat(32);
export const paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');

/** A signed invoice for 21 sat that lives for ten minutes. */
export function invoiceOf(
  changes: Partial<InvoiceDraft> = {},
  without: readonly (keyof InvoiceDraft)[] = [],
): string {
  const draft: InvoiceDraft = {
    network: 'regtest',
    timestamp: nowMs / 1_000,
    amountMsat: 21_000n,
    paymentHash,
    paymentSecret: '11'.repeat(32),
    description: 'Block by height',
    expirySeconds: 600,
    features: [8, 14, 17],
    ...changes,
  };
  const kept = Object.fromEntries(
    Object.entries(draft).filter(([name]) => !without.some((gone) => gone === name)),
  );
  const invoice = encodeInvoice(
    { network: draft.network, timestamp: draft.timestamp, paymentHash: draft.paymentHash, ...kept },
    secretKey,
  );
  if (!invoice.ok) throw new Error(invoice.detail);
  return invoice.value;
}

/** Its challenge, which lives for five minutes. `details` go into `methodDetails`. */
export function challengeOf(
  changes: {
    invoice?: string;
    request?: JsonObject;
    details?: JsonObject;
    challenge?: Partial<Challenge>;
  } = {},
): Challenge {
  const request = {
    amount: '21',
    currency: 'sat',
    description: 'Block by height',
    methodDetails: {
      invoice: changes.invoice ?? invoiceOf(),
      paymentHash,
      network: 'regtest',
      ...changes.details,
    },
    ...changes.request,
  };
  return {
    id: 'kM9xPqWvT2nJrHsY4aDfEb',
    realm: 'api.example.com',
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest(request),
    expires: '2026-03-15T12:05:00Z',
    ...changes.challenge,
  };
}
