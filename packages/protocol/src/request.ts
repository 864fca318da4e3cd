import { decodeBase64urlText, encodeBase64url } from './base64url.js';
import { canonicalize } from './jcs.js';
import type { JsonObject } from './json.js';
import { parseJsonObject } from './json.js';

/** Most bytes of JSON that a `request` or `opaque` may hold. */
export const requestBytesMax = 16 * 1024;

/**
 * Encodes the `request` (or `opaque`) parameter of a challenge: base64url of the canonical JSON
 * (draft-httpauth-payment-00 §"Required Parameters").
 *
 * @throws TypeError when the object holds what JSON cannot carry; see {@link canonicalize}.
 *
 * @example
 * ```ts
 * import { encodeRequest } from '@farebox/protocol';
 *
 * encodeRequest({ currency: 'sat', amount: '1' }); // 'eyJhbW91bnQiOiIxIiwiY3VycmVuY3kiOiJzYXQifQ'
 * ```
 */
export function encodeRequest(object: JsonObject): string {
  return encodeBase64url(canonicalize(object));
}

/**
 * Decodes the `request` (or `opaque`) parameter of a challenge. The text need not be canonical: the id was
 * computed over the wire's characters, and those are what is kept and echoed.
 *
 * @returns The object, or `undefined` when it is not base64url, not UTF-8, not a JSON object, nested too deeply
 *   or longer than {@link requestBytesMax}.
 */
export function decodeRequest(text: string): JsonObject | undefined {
  const json = decodeBase64urlText(text, requestBytesMax);
  return json === undefined ? undefined : parseJsonObject(json);
}
