import { hash } from 'node:crypto';
import { type Result, refuse } from '@farebox/protocol';
import { decodeBech32 } from './bech32.js';
import { type FieldDraft, readFields } from './fields.js';
import {
  expirySecondsDefault,
  type Invoice,
  type InvoiceFields,
  minFinalCltvExpiryDefault,
} from './invoice.js';
import { readPrefix } from './prefix.js';
import { wordsToHex, wordsToNumber, wordsToPaddedBytes } from './words.js';

/** Words of the timestamp: 35 bits. */
export const timestampWords = 7;

/** Words of the signature: r, s and the recovery id, 65 bytes. */
export const signatureWords = 104;

/** Hex digits of r and s, 64 bytes. */
const signatureHexChars = 128;

/** SHA-256 of the human-readable part and of the data before the signature, lowercase hex (BOLT 11, "Data Part"). */
export function signingHash(prefix: string, words: Uint8Array, end: number): string {
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(prefix, 'latin1'), wordsToPaddedBytes(words, 0, end)]),
    'hex',
  );
}

/**
 * Decodes a BOLT 11 invoice: bech32 checksum, network, amount, every tagged field. Never throws. The signature is
 * read and not yet checked (`verifyInvoice`), nor whether a payer may pay it (`checkPayable`).
 *
 * Codes: those of {@link decodeBech32} and of the prefix, `field_truncated`, `field_not_minimal`,
 * `number_too_large`, `description_malformed`, `route_hint_malformed`, `payment_hash_missing`,
 * `signature_malformed`.
 *
 * @example
 * ```ts
 * import { decodeInvoice } from '@farebox/lightning';
 * const decoded = decodeInvoice('lnbcrt10n1…');
 * if (decoded.ok) console.log(decoded.value.amountMsat, decoded.value.paymentHash);
 * else console.log(decoded.code, decoded.detail);
 * ```
 */
export function decodeInvoice(text: string): Result<Invoice> {
  const read = readInvoice(text);
  if (!read.ok) return read;
  const { fields, prefix, words, fieldsEnd } = read.value;
  // Completed in place: copying it by spread costs more than all the reading before.
  const invoice: Invoice = Object.assign(fields, {
    text,
    signature: wordsToHex(words, fieldsEnd, words.length).slice(0, signatureHexChars),
    recoveryId: recoveryIdOf(words),
    signingHash: signingHash(prefix, words, fieldsEnd),
  });
  return { ok: true, value: invoice };
}

/**
 * As {@link decodeInvoice}, with every check of it, but for the signature and what it signs: for whoever asked for the
 * invoice and wants to see that it says what was asked for, in half the time.
 */
export function decodeUnsigned(text: string): Result<InvoiceFields> {
  const read = readInvoice(text);
  return read.ok ? { ok: true, value: read.value.fields } : read;
}

/** An invoice's fields, and where in its words the signature begins. */
interface InvoiceRead {
  readonly fields: InvoiceFields;
  readonly prefix: string;
  readonly words: Uint8Array;
  readonly fieldsEnd: number;
}

function readInvoice(text: string): Result<InvoiceRead> {
  const bech32 = decodeBech32(text);
  if (!bech32.ok) return bech32;
  const { prefix, words } = bech32.value;
  const head = readPrefix(prefix);
  if (!head.ok) return head;
  const fieldsEnd = words.length - signatureWords;
  if (fieldsEnd < timestampWords) {
    return refuse('too_short', 'There is no room for a timestamp and a signature');
  }
  const draft: FieldDraft = { fallbacks: [], routeHints: [], otherFields: [] };
  const fault = readFields(draft, words, timestampWords, fieldsEnd);
  if (fault !== undefined) return fault;
  if (draft.paymentHash === undefined) {
    return refuse('payment_hash_missing', 'The invoice has no payment hash of the right length');
  }
  if (recoveryIdOf(words) > 3) {
    return refuse('signature_malformed', 'The recovery id of the signature is not 0 to 3');
  }
  const { network, amountMsat } = head.value;
  const fields: InvoiceFields = Object.assign(draft, {
    network,
    timestamp: wordsToNumber(words, 0, timestampWords),
    paymentHash: draft.paymentHash,
    expirySeconds: draft.expirySeconds ?? expirySecondsDefault,
    minFinalCltvExpiry: draft.minFinalCltvExpiry ?? minFinalCltvExpiryDefault,
    features: draft.features ?? [],
    ...(amountMsat === undefined ? undefined : { amountMsat }),
  });
  return { ok: true, value: { fields, prefix, words, fieldsEnd } };
}

/** The last byte of the signature: the last eight bits of the words. */
function recoveryIdOf(words: Uint8Array): number {
  return (((words.at(-2) ?? 0) & 7) << 5) | (words.at(-1) ?? 0);
}
