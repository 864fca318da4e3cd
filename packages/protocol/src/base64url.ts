import { decodePortable, encodePortable } from './base64url-portable.js';

const wellFormed = /^[A-Za-z0-9_-]*$/;
const padded = /^[A-Za-z0-9_-]*={1,2}$/;
const utf8Encoder = new TextEncoder();
// ignoreBOM: a byte order mark is content here, not something to drop silently.
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `Buffer` where the runtime has one (Node, Bun, Deno): several times faster than the portable way. */
const NativeBuffer: typeof Buffer | undefined = globalThis.Buffer;

/**
 * Encodes bytes, or the UTF-8 form of a string, as base64url without padding (RFC 4648 §5; the `base64url-nopad`
 * of draft-httpauth-payment-00).
 *
 * @example
 * ```ts
 * import { encodeBase64url } from '@farebox/protocol';
 *
 * encodeBase64url('{"a":1}'); // 'eyJhIjoxfQ'
 * ```
 */
export function encodeBase64url(data: Uint8Array | string): string {
  if (NativeBuffer === undefined) {
    return encodePortable(typeof data === 'string' ? utf8Encoder.encode(data) : data);
  }
  if (typeof data !== 'string') {
    return NativeBuffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64url');
  }
  // A UTF-16 code unit takes three bytes of UTF-8 at most.
  if (scratch === undefined || data.length * 3 > scratchBytes) {
    return NativeBuffer.from(data, 'utf8').toString('base64url');
  }
  decodedText = undefined;
  return scratch.toString('base64url', 0, scratch.write(data, 'utf8'));
}

/**
 * Decodes base64url. Strict: only the alphabet of RFC 4648 §5, a possible length, no bits set beyond the last
 * byte, so that there is one text for each sequence of bytes. Padding is accepted when it is right, because
 * draft-lightning-charge-00 §"Encoding Conventions" asks for it.
 *
 * @param text - What stood on the wire.
 * @param bytesMax - The most bytes that the result may have.
 * @returns The bytes, or `undefined` if the text is not base64url or too long.
 *
 * @example
 * ```ts
 * import { decodeBase64url } from '@farebox/protocol';
 *
 * decodeBase64url('AQID', 1024); // Uint8Array [1, 2, 3]
 * decodeBase64url('AQ+D', 1024); // undefined: '+' belongs to another alphabet
 * ```
 */
export function decodeBase64url(text: string, bytesMax: number): Uint8Array | undefined {
  const bare = withoutPadding(text, bytesMax);
  if (bare === undefined) return undefined;
  return NativeBuffer === undefined ? decodePortable(bare) : NativeBuffer.from(bare, 'base64url');
}

/**
 * Decodes base64url that carries UTF-8 text. Invalid UTF-8 is refused, never replaced by U+FFFD: two different
 * credentials must not turn into one.
 *
 * @param bytesMax - The most bytes that the UTF-8 form may have.
 * @returns The text, or `undefined`.
 */
export function decodeBase64urlText(text: string, bytesMax: number): string | undefined {
  const fast = decodeFast(text, bytesMax);
  if (fast !== undefined) return fast;
  const bytes = decodeBase64url(text, bytesMax);
  if (bytes === undefined) return undefined;
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Up to this many bytes are encoded from and decoded into one buffer that is kept. */
const scratchBytes = 16 * 1024;
const scratch = NativeBuffer?.alloc(scratchBytes);
/** The text whose bytes are in the scratch buffer: what a reader has just looked at is mostly decoded next. */
let decodedText: string | undefined;

/** Up to this many characters an expression is quicker than decoding, and leaves the scratch buffer as it is. */
const shortChars = 96;
/** In a string that has one byte for each character there can be none, which the engine knows without looking. */
const beyondByte = /[\u0100-\uffff]/;

/** The way of what is right, without a buffer of its own. Undefined says nothing: the strict way then decides. */
function decodeFast(text: string, bytesMax: number): string | undefined {
  const bytes = decodeToScratch(text);
  if (scratch === undefined || bytes === undefined || bytes > bytesMax || !hasNoSpareBits(text))
    return undefined;
  const decoded = scratch.toString('utf8', 0, bytes);
  // Only a text with a replacement character can have hidden invalid bytes.
  return decoded.includes('\ufffd') ? undefined : decoded;
}

/**
 * Decodes into the scratch buffer and returns how many bytes, or undefined, which says nothing about the text. In a
 * fraction of an expression's time: node skips what is not base64, so the count shows whether anything was skipped. It
 * also reads the other alphabet, padding and, of a character beyond a byte, the low byte; these are looked for. What is
 * asked for once more is there already.
 */
function decodeToScratch(text: string): number | undefined {
  const bytes = Math.floor((text.length * 3) / 4);
  if (text === decodedText) return bytes;
  // A character too many carries nothing, so nothing would be missed if it were skipped.
  if (scratch === undefined || bytes > scratchBytes || text.length % 4 === 1) return undefined;
  if (text.includes('+') || text.includes('/') || text.includes('=') || beyondByte.test(text))
    return undefined;
  const whole = scratch.write(text, 'base64url') === bytes;
  decodedText = whole ? text : undefined;
  return whole ? bytes : undefined;
}

/** True for text within the base64url alphabet that carries no padding. */
export function isBase64url(text: string): boolean {
  if (text.length <= shortChars) return wellFormed.test(text);
  return decodeToScratch(text) !== undefined || wellFormed.test(text);
}

function withoutPadding(text: string, bytesMax: number): string | undefined {
  // Checked before anything is scanned: 4 characters stand for 3 bytes, and padding adds at most 2.
  if (text.length > Math.ceil((bytesMax * 4) / 3) + 2) return undefined;
  let bare = text;
  if (!wellFormed.test(text)) {
    if (text.length % 4 !== 0 || !padded.test(text)) return undefined;
    bare = text.slice(0, text.indexOf('='));
  }
  return Math.floor((bare.length * 3) / 4) <= bytesMax && hasNoSpareBits(bare) ? bare : undefined;
}

/** Two characters carry 8 bits and 4 spare ones, three carry 16 and 2: the spare bits must be zero. One carries nothing. */
function hasNoSpareBits(bare: string): boolean {
  const beyond = bare.length % 4;
  if (beyond === 0) return true;
  return beyond !== 1 && (beyond === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(bare.charAt(bare.length - 1));
}
