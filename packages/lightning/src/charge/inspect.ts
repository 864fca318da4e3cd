import { hash } from 'node:crypto';
import type { Challenge, Inspection, Result } from '@farebox/protocol';
import { decodeRequest, parseTimestamp, refuse } from '@farebox/protocol';
import { decodeInvoice } from '../bolt11/decode.js';
import { type Invoice, invoiceExpiresMs } from '../bolt11/invoice.js';
import { checkPayable } from '../bolt11/payable.js';
import { verifyInvoice } from '../bolt11/signature.js';
import { type ChargeNetwork, type ChargeRequest, parseChargeRequest } from './request.js';

/** A challenge's request and the invoice in it, both readable; that they agree has not been checked. */
export interface ReadCharge {
  readonly request: ChargeRequest;
  readonly invoice: Invoice;
}

/** Reads the request and the invoice of a challenge. */
export function readCharge(challenge: Challenge): Result<ReadCharge> {
  if (challenge.method !== 'lightning' || challenge.intent !== 'charge') {
    return refuse('method_mismatch', 'The challenge is no lightning charge');
  }
  const object = decodeRequest(challenge.request);
  if (object === undefined)
    return refuse('request_malformed', 'The request of the challenge is not base64url JSON');
  const request = parseChargeRequest(object);
  if (!request.ok) return request;
  const invoice = decodeInvoice(request.value.invoice);
  if (!invoice.ok)
    return refuse('invoice_malformed', `The invoice cannot be read (${invoice.code}): ${invoice.detail}`);
  return { ok: true, value: { request: request.value, invoice: invoice.value } };
}

/** Whether the seller's words agree with the invoice, and both with the wallet's network. */
function checkAgreement({ request, invoice }: ReadCharge, network: ChargeNetwork): Result<true> {
  if (invoice.network !== network) {
    return refuse(
      'network_mismatch',
      `The invoice is for ${invoice.network}, this wallet pays on ${network}`,
    );
  }
  const named = request.network ?? 'mainnet';
  if (named !== network) {
    return refuse('network_mismatch', `The challenge says ${named}, its invoice is for ${invoice.network}`);
  }
  if (invoice.amountMsat === undefined) return refuse('amount_missing', 'The invoice names no amount');
  if (invoice.amountMsat !== request.amountSat * 1_000n) {
    return refuse(
      'amount_mismatch',
      `The challenge says ${request.amountSat * 1_000n} msat, its invoice is for ${invoice.amountMsat} msat`,
    );
  }
  if (request.paymentHash !== undefined && request.paymentHash !== invoice.paymentHash) {
    return refuse('hash_mismatch', 'The challenge names another payment hash than its invoice');
  }
  return checkDescription({ request, invoice });
}

/** BOLT 11: a reader "MUST check that the SHA2 256-bit hash in the `h` field exactly matches the hashed description". */
function checkDescription({ request, invoice }: ReadCharge): Result<true> {
  const { descriptionHash } = invoice;
  if (descriptionHash === undefined) return { ok: true, value: true };
  if (request.description !== undefined && hash('sha256', request.description, 'hex') === descriptionHash) {
    return { ok: true, value: true };
  }
  return refuse(
    'description_mismatch',
    "The challenge's description is not the one that the invoice commits to",
  );
}

/** The earlier of both expiries, when neither has passed. */
function checkExpiry(challenge: Challenge, invoice: Invoice, nowMs: number): Result<number> {
  const invoiceMs = invoiceExpiresMs(invoice);
  if (nowMs >= invoiceMs) return refuse('invoice_expired', `The invoice expired at ${instant(invoiceMs)}`);
  if (challenge.expires === undefined) return { ok: true, value: invoiceMs };
  const challengeMs = parseTimestamp(challenge.expires);
  if (challengeMs === undefined)
    return refuse('challenge_malformed', 'The expiry of the challenge is no date-time');
  if (nowMs >= challengeMs)
    return refuse('challenge_expired', `The challenge expired at ${instant(challengeMs)}`);
  return { ok: true, value: Math.min(invoiceMs, challengeMs) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** What inspecting a charge gives: the inspection, and the invoice that it was read from. */
export interface InspectedCharge {
  readonly inspection: Inspection;
  readonly invoice: Invoice;
}

/**
 * Reads what a challenge would really cost. The decoded invoice decides; the seller's words are only compared with
 * it. Pure. The signature comes last because it is a hundred times dearer than everything before it.
 *
 * Codes: `method_mismatch`, `request_malformed`, `currency_unsupported`, `network_unsupported`,
 * `invoice_malformed`, `network_mismatch`, `amount_missing`, `amount_mismatch`, `hash_mismatch`,
 * `description_mismatch`, those of {@link checkPayable}, `invoice_expired`, `challenge_expired`,
 * `challenge_malformed`, `signature_invalid`, `signature_not_low_s`, `signature_not_recoverable`.
 */
export function inspectCharge(
  challenge: Challenge,
  network: ChargeNetwork,
  nowMs: number,
): Result<InspectedCharge> {
  const read = readCharge(challenge);
  if (!read.ok) return read;
  const { request, invoice } = read.value;
  const agreement = checkAgreement(read.value, network);
  if (!agreement.ok) return agreement;
  const payable = checkPayable(invoice);
  if (!payable.ok) return payable;
  const expiry = checkExpiry(challenge, invoice, nowMs);
  if (!expiry.ok) return expiry;
  const verified = verifyInvoice(invoice);
  if (!verified.ok) return verified;
  const description = invoice.description ?? request.description;
  return {
    ok: true,
    value: {
      invoice,
      inspection: {
        price: { amount: request.amountSat, currency: 'sat' },
        payee: verified.value.payee,
        reference: invoice.paymentHash,
        network,
        expiresMs: expiry.value,
        ...(description === undefined || description === '' ? undefined : { description }),
      },
    },
  };
}
