import { type Result, refuse } from '@farebox/protocol';
import { amountMsatMax } from './amount.js';
import { encodeBech32, invoiceCharsMax } from './bech32.js';
import { signingHash, timestampWords } from './decode.js';
import { isFallbackShape, writeFallback } from './fallback.js';
import { featureBitMax, writeFeatures } from './features.js';
import { tags } from './fields.js';
import {
  expirySecondsDefault,
  expirySecondsMax,
  fieldBytesMax,
  type InvoiceFields,
  minFinalCltvExpiryDefault,
  minFinalCltvExpiryMax,
  timestampMax,
} from './invoice.js';
import { writePrefix } from './prefix.js';
import { writeRouteHint } from './route-hint.js';
import { isSecretKey, nodeIdOf, signHash } from './signature.js';
import { bytesToWords, numberToWords } from './words.js';

/**
 * What to put into an invoice. BOLT 11 wants a payment secret and exactly one of `description` and
 * `descriptionHash`; `payee: true` names the signer in field `n`.
 */
export type InvoiceDraft = Pick<InvoiceFields, 'network' | 'timestamp' | 'paymentHash'> &
  Partial<Omit<InvoiceFields, 'payee'>> & { readonly payee?: boolean };

const hashShape = /^[0-9a-f]{64}$/;
const bytesShape = /^([0-9a-f]{2})*$/;

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

const notWritable = 'invoice_not_writable';

/** The first thing that is wrong with the values, if any. */
function faultOf(draft: InvoiceDraft): string | undefined {
  const { amountMsat, descriptionHash, paymentSecret, description = '', metadata = '' } = draft;
  if (amountMsat !== undefined && (amountMsat <= 0n || amountMsat > amountMsatMax))
    return 'amountMsat is out of range';
  if (!isUint(draft.timestamp, timestampMax)) return 'timestamp must be whole seconds of 35 bits';
  if (!hashShape.test(draft.paymentHash)) return 'paymentHash must be 32 bytes in lowercase hex';
  if (paymentSecret !== undefined && !hashShape.test(paymentSecret))
    return 'paymentSecret must be 32 bytes in hex';
  if (descriptionHash !== undefined && !hashShape.test(descriptionHash))
    return 'descriptionHash must be 32 bytes in hex';
  if (Buffer.from(description).toString() !== description) return 'description has half of a surrogate pair';
  if (Buffer.byteLength(description) > fieldBytesMax)
    return `description is longer than ${fieldBytesMax} bytes`;
  if (!bytesShape.test(metadata) || metadata.length > fieldBytesMax * 2)
    return 'metadata must be at most 639 bytes in hex';
  if (!isUint(draft.expirySeconds ?? 0, expirySecondsMax)) return 'expirySeconds is out of range';
  if (!isUint(draft.minFinalCltvExpiry ?? 0, minFinalCltvExpiryMax))
    return 'minFinalCltvExpiry is out of range';
  if (draft.features?.some((bit) => !isUint(bit, featureBitMax)))
    return 'features has a bit that does not fit';
  if (draft.otherFields?.some((field) => !isUint(field.tag, 31) || field.words.length > 1_023)) {
    return 'otherFields has a field that does not fit';
  }
  const badFallback = draft.fallbacks?.some(
    ({ version, program }) => !bytesShape.test(program) || !isFallbackShape(version, program.length / 2),
  );
  return badFallback ? 'fallbacks has an address that cannot be' : undefined;
}

/** Fields in the order of the specification's own examples. */
function fieldWords(draft: InvoiceDraft, nodeId: string): number[] | undefined {
  const words: number[] = [];
  const add = (tag: number, data: Uint8Array): void => {
    words.push(tag, data.length >> 5, data.length & 31, ...data);
  };
  const addHex = (tag: number, hex: string | undefined): void => {
    if (hex !== undefined) add(tag, bytesToWords(Buffer.from(hex, 'hex')));
  };
  addHex(tags.s, draft.paymentSecret);
  addHex(tags.p, draft.paymentHash);
  if (draft.description !== undefined) add(tags.d, bytesToWords(Buffer.from(draft.description)));
  addHex(tags.h, draft.descriptionHash);
  addHex(tags.m, draft.metadata);
  if (draft.payee === true) addHex(tags.n, nodeId);
  const { expirySeconds = expirySecondsDefault, minFinalCltvExpiry = minFinalCltvExpiryDefault } = draft;
  if (expirySeconds !== expirySecondsDefault) add(tags.x, numberToWords(expirySeconds));
  if (minFinalCltvExpiry !== minFinalCltvExpiryDefault) add(tags.c, numberToWords(minFinalCltvExpiry));
  for (const fallback of draft.fallbacks ?? []) add(tags.f, writeFallback(fallback));
  for (const hint of draft.routeHints ?? []) {
    const hops = writeRouteHint(hint);
    if (hops === undefined) return undefined;
    add(tags.r, hops);
  }
  const features = writeFeatures(draft.features ?? []);
  if (features.length > 0) add(tags[9], features);
  for (const field of draft.otherFields ?? []) add(field.tag, field.words);
  return words;
}

/**
 * Writes and signs an invoice with a node's secret key (32 bytes). Never throws. Code: `invoice_not_writable`.
 *
 * For tests, benchmarks and the devnet: a real node makes its own invoices. Values that BOLT 11 has a default for
 * are left out; an amount takes the largest multiplier; fields come in the order s p d h m n x c f r 9.
 *
 * @example
 * ```ts
 * import { encodeInvoice } from '@farebox/lightning';
 * const invoice = encodeInvoice(
 *   {
 *     network: 'regtest',
 *     timestamp: 1_700_000_000,
 *     amountMsat: 1_000n,
 *     paymentHash: '00'.repeat(32),
 *     paymentSecret: '11'.repeat(32),
 *     description: '1 request',
 *   },
 *   new Uint8Array(32).fill(1),
 * );
 * if (invoice.ok) console.log(invoice.value); // lnbcrt10n1…
 * ```
 */
export function encodeInvoice(draft: InvoiceDraft, secretKey: Uint8Array): Result<string> {
  const fault = faultOf(draft);
  if (fault !== undefined) return refuse(notWritable, fault);
  if (!isSecretKey(secretKey)) return refuse(notWritable, 'The secret key is not one of secp256k1');
  const fields = fieldWords(draft, nodeIdOf(secretKey));
  if (fields === undefined) return refuse(notWritable, 'A route hint has a value that does not fit');
  const { amountMsat } = draft;
  const prefix = writePrefix({
    network: draft.network,
    ...(amountMsat === undefined ? undefined : { amountMsat }),
  });
  const timestamp = numberToWords(draft.timestamp);
  const head = new Uint8Array(timestampWords + fields.length);
  head.set(timestamp, timestampWords - timestamp.length);
  head.set(fields, timestampWords);
  const signature = bytesToWords(signHash(signingHash(prefix, head, head.length), secretKey));
  const words = new Uint8Array(head.length + signature.length);
  words.set(head);
  words.set(signature, head.length);
  const text = encodeBech32(prefix, words);
  return text.length <= invoiceCharsMax
    ? { ok: true, value: text }
    : refuse(notWritable, `The invoice would be longer than ${invoiceCharsMax} characters`);
}
