/** Longest `digest` that is read, in characters: two SHA-512 members fit. */
const digestCharsMax = 512;

const member = /^[a-z*][a-z0-9_.*-]*=:[A-Za-z0-9+/]{1,88}={0,2}:$/;
const bare = /^sha-(?:256|512)=[A-Za-z0-9+/]{1,88}={0,2}$/;

/**
 * True for the `digest` parameter's two forms: the RFC 9530 dictionary, `sha-256=:<base64>:`, and the form that
 * the `mppx` SDK writes, `sha-256=<base64>` without colons.
 *
 * @example
 * ```ts
 * import { isDigest } from '@farebox/protocol';
 *
 * isDigest('sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'); // true
 * ```
 */
export function isDigest(text: string): boolean {
  if (text.length > digestCharsMax) return false;
  if (bare.test(text)) return true;
  return text.split(',').every((part) => member.test(part.trim()));
}
