/**
 * The cryptographic half of the protocol: challenge ids and body digests. It needs `node:crypto` (Node, Bun,
 * Deno) and is therefore a subpath of its own, `@farebox/protocol/binding`; the main entry runs anywhere.
 */
import { hash, timingSafeEqual } from 'node:crypto';

/** Shortest secret, in bytes: the length of the HMAC's output (RFC 2104 §3). */
export const secretBytesMin = 32;

/** Signs challenge ids with the newest secret and verifies with each; see {@link createKeyring}. */
export interface Keyring {
  /** The id for a binding input: base64url(HMAC-SHA256(newest secret, input)), 43 characters. */
  sign(input: string): string;
  /** True when one of the secrets gives exactly this id. Takes the same time wherever the id differs. */
  verify(input: string, id: string): boolean;
}

/**
 * Makes the keyring that binds challenges (draft-httpauth-payment-00 §"Recommended: HMAC-SHA256 Binding" and
 * §"Challenge-Binding Secret Management"). To rotate, put a new secret in front and keep the old one until the
 * challenges it signed have expired.
 *
 * The secrets stay inside: no property, log or error shows them.
 *
 * @param secrets - Newest first, each at least {@link secretBytesMin} bytes of UTF-8, from a random source.
 * @throws TypeError when there is none or one is too short.
 *
 * @example
 * ```ts
 * import { bindingInput, encodeRequest } from '@farebox/protocol';
 * import { createKeyring } from '@farebox/protocol/binding';
 *
 * const keyring = createKeyring(['a new secret of at least 32 bytes', 'the old secret, also that many bytes']);
 * const request = encodeRequest({ amount: '1', currency: 'sat' });
 * const input = bindingInput({ realm: 'api.example.com', method: 'lightning', intent: 'charge', request });
 * console.log(keyring.verify(input, keyring.sign(input))); // true
 * ```
 */
export function createKeyring(secrets: readonly string[]): Keyring {
  const [newest, ...older] = secrets.map(createSigner);
  if (newest === undefined) throw new TypeError('A keyring needs at least one secret; give it one.');
  const presented = Buffer.alloc(idChars);
  const expected = Buffer.alloc(idChars);
  // Text is compared, not decoded bytes: the last character has two spare bits, and one payment would have several ids.
  const matches = (sign: Signer, input: string, id: string): boolean => {
    const right = sign(input);
    expected.write(right, 'latin1');
    // The second look, which only what is right gets to: a character beyond Latin-1 is written as one within.
    return timingSafeEqual(presented, expected) && id === right;
  };
  return {
    sign: newest,
    verify(input, id) {
      if (id.length !== idChars) return false;
      presented.write(id, 'latin1');
      if (matches(newest, input, id)) return true;
      for (const sign of older) if (matches(sign, input, id)) return true;
      return false;
    },
  };
}

/**
 * The content digest of a body, RFC 9530 §2: `sha-256=:<base64>:`.
 *
 * @example
 * ```ts
 * import { bodyDigest } from '@farebox/protocol/binding';
 *
 * bodyDigest(new TextEncoder().encode('{"hello": "world"}\n'));
 * // 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'
 * ```
 */
export function bodyDigest(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}

/**
 * True when a challenge's `digest` is that of this body. Reads the RFC 9530 dictionary and the form without colons
 * that the `mppx` SDK writes. Every `sha-256` and `sha-512` member must match and there must be one; members in
 * other algorithms are not read.
 */
export function matchesBodyDigest(digest: string, body: Uint8Array): boolean {
  let matched = false;
  for (const part of digest.split(',')) {
    const found = /^(sha-256|sha-512)=(:?)([A-Za-z0-9+/=]+)(:?)$/.exec(part.trim());
    if (found === null || found[2] !== found[4]) continue;
    if (hash(found[1] === 'sha-256' ? 'sha256' : 'sha512', body, 'base64') !== found[3]) return false;
    matched = true;
  }
  return matched;
}

type Signer = (input: string) => string;

const blockBytes = 64;
const hashBytes = 32;
const idChars = 43;
/** Longest input that goes through the scratch buffer; a longer one gets a buffer of its own. */
const scratchInputBytes = 16 * 1024;

/**
 * HMAC-SHA256 (RFC 2104) as two one-shot hashes over prepared pads: half the time of `createHmac` for inputs of
 * this size.
 */
function createSigner(secret: string): Signer {
  // Also what JavaScript makes of an environment variable that is not set.
  if (typeof secret !== 'string' || secret === '') {
    throw new TypeError('The secret is missing; give 32 random bytes as hex or base64: openssl rand -hex 32');
  }
  const secretBytes = Buffer.from(secret, 'utf8');
  if (secretBytes.length < secretBytesMin) {
    throw new TypeError(
      `A secret has fewer than ${secretBytesMin} bytes; use 32 random bytes as hex or base64.`,
    );
  }
  const key = secretBytes.length > blockBytes ? hash('sha256', secretBytes, 'buffer') : secretBytes;
  const inner = Buffer.alloc(blockBytes + scratchInputBytes, 0x36);
  const outer = Buffer.alloc(blockBytes + hashBytes, 0x5c);
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return (input) => {
    const inputBytes = input.length * 3 <= scratchInputBytes ? -1 : Buffer.byteLength(input, 'utf8');
    let block: Buffer;
    if (inputBytes <= scratchInputBytes) {
      const written = inner.write(input, blockBytes, 'utf8');
      block = inner.subarray(0, blockBytes + written);
    } else {
      block = Buffer.concat([inner.subarray(0, blockBytes), Buffer.from(input, 'utf8')]);
    }
    // As text: node makes a string of a hash in half the time of a buffer.
    outer.write(hash('sha256', block, 'binary'), blockBytes, 'binary');
    return hash('sha256', outer, 'base64url');
  };
}
