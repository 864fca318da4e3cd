import type { JsonObject, JsonValue, QuotedRate, Result } from '@farebox/protocol';
import { refuse } from '@farebox/protocol';
import { invoiceCharsMax } from '../bolt11/bech32.js';
import type { LightningNetwork } from '../node.js';
import { readQuotedRate, writeQuotedRate } from './quoted-rate.js';

/** Networks that a `lightning` charge can name (draft-lightning-charge-00, "Method Details"): testnet is none. */
export type ChargeNetwork = Exclude<LightningNetwork, 'testnet'>;

/** The `request` of a `lightning` charge (draft-lightning-charge-00, "Request Schema"). */
export interface ChargeRequest {
  /** Satoshis, at least 1. */
  readonly amountSat: bigint;
  /** Memo; untrusted text, for display only. */
  readonly description?: string;
  readonly recipient?: string;
  readonly externalId?: string;
  /** BOLT 11 text: the authority on everything else here. */
  readonly invoice: string;
  /** Lowercase hex. A convenience that must agree with the invoice. */
  readonly paymentHash?: string;
  /** A convenience that must agree with the invoice; absent means mainnet. */
  readonly network?: ChargeNetwork;
  /** The seller's rate, where the price was set in another currency; for display only. */
  readonly quotedRate?: QuotedRate;
}

/** Characters of each free text in a request. */
export const requestTextCharsMax = 2_048;

const amountShape = /^[1-9][0-9]{0,15}$/;
const hashChars = 64;
/** 1 for each lowercase hex digit, by its code. A table takes half the time of an expression, on the path of every paid request. */
const hexDigits = new Uint8Array(128);
for (const digit of '0123456789abcdef') hexDigits[digit.charCodeAt(0)] = 1;

/** All the bitcoin there will ever be, in satoshis. */
export const amountSatMax = 2_100_000_000_000_000n;

/** True for a payment hash or a preimage as the draft writes it: 32 bytes in lowercase hex. */
export function isHex32(value: JsonValue | undefined): value is string {
  if (typeof value !== 'string' || value.length !== hashChars) return false;
  for (let at = 0; at < hashChars; at++) if (hexDigits[value.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Satoshis as the draft writes them: a positive decimal integer in a string. Undefined when it is none. */
export function readAmountSat(value: JsonValue | undefined): bigint | undefined {
  if (typeof value !== 'string' || !amountShape.test(value)) return undefined;
  const amountSat = BigInt(value);
  return amountSat <= amountSatMax ? amountSat : undefined;
}

/** The `methodDetails` of a request, when they are an object. */
export function readMethodDetails(request: JsonObject): JsonObject | undefined {
  const details = request.methodDetails;
  return typeof details === 'object' && details !== null && !Array.isArray(details) ? details : undefined;
}

function isChargeNetwork(value: JsonValue): value is ChargeNetwork {
  return value === 'mainnet' || value === 'signet' || value === 'regtest';
}

function malformed(detail: string): ReturnType<typeof refuse> {
  return refuse('request_malformed', detail);
}

/** A member that may be missing, and is a text of bounded length where it is not. */
function isText(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= requestTextCharsMax);
}

/**
 * Reads the `request` object of a `lightning` charge. Checks shapes and bounds only; that it agrees with its
 * invoice is the buyer's `inspect`. Members that the draft does not define are ignored.
 *
 * Codes: `currency_unsupported`, `network_unsupported`, `request_malformed`.
 *
 * @example
 * ```ts
 * import { parseChargeRequest } from '@farebox/lightning';
 * const request = parseChargeRequest({
 *   amount: '1',
 *   currency: 'sat',
 *   methodDetails: { invoice: 'lnbcrt10n1…', network: 'regtest' },
 * });
 * if (request.ok) console.log(request.value.amountSat); // 1n
 * ```
 */
export function parseChargeRequest(object: JsonObject): Result<ChargeRequest> {
  const { currency, description, recipient, externalId } = object;
  if (typeof currency !== 'string') return malformed('The request has no currency');
  if (currency !== 'sat') return refuse('currency_unsupported', 'A lightning charge is priced in "sat"');
  const amountSat = readAmountSat(object.amount);
  if (amountSat === undefined)
    return malformed('The amount must be a positive whole number of satoshis in a string');
  if (!isText(description) || !isText(recipient) || !isText(externalId)) {
    return malformed(`A text in the request is not one, or longer than ${requestTextCharsMax} characters`);
  }
  const details = readMethodDetails(object);
  if (details === undefined) return malformed('The request has no methodDetails');
  const { invoice, paymentHash, network } = details;
  if (typeof invoice !== 'string' || invoice === '') return malformed('The request has no invoice');
  if (invoice.length > invoiceCharsMax)
    return malformed(`The invoice is longer than ${invoiceCharsMax} characters`);
  if (paymentHash !== undefined && !isHex32(paymentHash)) {
    return malformed('The payment hash must be 64 lowercase hex characters');
  }
  if (network !== undefined && !isChargeNetwork(network)) {
    return refuse('network_unsupported', 'The network must be mainnet, signet or regtest');
  }
  const quotedRate = readQuotedRate(details.quotedRate);
  return {
    ok: true,
    value: {
      amountSat,
      invoice,
      ...(description === undefined ? undefined : { description }),
      ...(recipient === undefined ? undefined : { recipient }),
      ...(externalId === undefined ? undefined : { externalId }),
      ...(paymentHash === undefined ? undefined : { paymentHash }),
      ...(network === undefined ? undefined : { network }),
      ...(quotedRate === undefined ? undefined : { quotedRate }),
    },
  };
}

/** The `request` object of a charge, for JCS; what {@link parseChargeRequest} reads. */
export function writeChargeRequest(charge: ChargeRequest): JsonObject {
  const { amountSat, invoice, description, recipient, externalId, paymentHash, network, quotedRate } = charge;
  return {
    amount: amountSat.toString(),
    currency: 'sat',
    ...(description === undefined ? undefined : { description }),
    ...(externalId === undefined ? undefined : { externalId }),
    methodDetails: {
      invoice,
      ...(network === undefined ? undefined : { network }),
      ...(paymentHash === undefined ? undefined : { paymentHash }),
      ...(quotedRate === undefined ? undefined : { quotedRate: writeQuotedRate(quotedRate) }),
    },
    ...(recipient === undefined ? undefined : { recipient }),
  };
}
