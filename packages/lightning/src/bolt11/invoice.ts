import type { LightningNetwork } from '../node.js';
import type { Fallback } from './fallback.js';
import type { RouteHint } from './route-hint.js';

/** A tagged field that was not used: unknown type, wrong length, unknown fallback version, or a repetition. */
export interface OtherField {
  /** Field type, 0 to 31. */
  readonly tag: number;
  /** Its data, five-bit words. */
  readonly words: Uint8Array;
}

/** What an invoice says, whoever wrote it (BOLT 11, "Tagged Fields"). */
export interface InvoiceFields {
  readonly network: LightningNetwork;
  /** Absent when the payer may choose. */
  readonly amountMsat?: bigint;
  /** When it was made, seconds since the epoch, 35 bits. */
  readonly timestamp: number;
  /** SHA-256 of the preimage, lowercase hex. */
  readonly paymentHash: string;
  /** Lowercase hex, 32 bytes. A payer requires it. */
  readonly paymentSecret?: string;
  /** In the payee's words: untrusted text, for display only, to be escaped like any other. */
  readonly description?: string;
  /** SHA-256 of a description that travels elsewhere, lowercase hex. */
  readonly descriptionHash?: string;
  /** The payee's node as field `n` names it, compressed public key in lowercase hex. See `verifyInvoice`. */
  readonly payee?: string;
  /** Seconds from `timestamp`. */
  readonly expirySeconds: number;
  /** Blocks. */
  readonly minFinalCltvExpiry: number;
  /** To be handed to the payee with the payment, lowercase hex. */
  readonly metadata?: string;
  readonly fallbacks: readonly Fallback[];
  readonly routeHints: readonly RouteHint[];
  /** Feature bits that are set, ascending. */
  readonly features: readonly number[];
  readonly otherFields: readonly OtherField[];
}

/** A decoded invoice. Its checksum was right; its signature is checked by `verifyInvoice`. */
export interface Invoice extends InvoiceFields {
  /** As it was given. */
  readonly text: string;
  /** Compact ECDSA signature, r and s, 64 bytes in lowercase hex. */
  readonly signature: string;
  /** 0 to 3. */
  readonly recoveryId: number;
  /** What is signed: SHA-256 of the human-readable part and the data, lowercase hex. */
  readonly signingHash: string;
}

/** Seconds that an invoice lives which does not say (BOLT 11). */
export const expirySecondsDefault = 3_600;

/** Longest life that is read or written, seconds: as many as a timestamp can count. */
export const expirySecondsMax = 2 ** 35 - 1;

/** Latest timestamp, seconds since the epoch: 35 bits. */
export const timestampMax = 2 ** 35 - 1;

/** Blocks that the last hop needs where the invoice does not say (BOLT 11). */
export const minFinalCltvExpiryDefault = 18;

/** Most blocks that are read or written for it. */
export const minFinalCltvExpiryMax = 2 ** 32 - 1;

/** Longest description and metadata: 1,023 words. */
export const fieldBytesMax = 639;

/** When the invoice expires, milliseconds since the epoch. */
export function invoiceExpiresMs(invoice: Pick<InvoiceFields, 'timestamp' | 'expirySeconds'>): number {
  return (invoice.timestamp + invoice.expirySeconds) * 1_000;
}
