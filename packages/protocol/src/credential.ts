import { decodeBase64urlText, encodeBase64url, isBase64url } from './base64url.js';
import { type Challenge, isIntentIdentifier, isMethodIdentifier } from './challenge.js';
import { isDigest } from './digest.js';
import { canonicalize } from './jcs.js';
import { isJsonObject, type JsonObject, parseJsonObject } from './json.js';
import { type Result, refuse } from './result.js';
import { parseTimestamp } from './timestamp.js';

/**
 * What a client presents: the echoed challenge and the method's proof
 * (draft-httpauth-payment-00 §"Credentials (Authorization)").
 */
export interface Credential {
  /** The echo. Nothing in it may be trusted until its id has been recomputed. */
  readonly challenge: Challenge;
  /** Payer identifier, RECOMMENDED a DID. */
  readonly source?: string;
  /** The method's proof of payment. Secret: never logged, never echoed. */
  readonly payload: JsonObject;
}

/** Most bytes of a credential's field value. The specification asks for 4 KiB at least. */
export const credentialBytesMax = 16 * 1024;

const schemeForm = /^[ \t]*payment(?=[ \t]|$)[ \t]*/i;
/** The scheme as nearly everybody writes it: to be seen without an expression. */
const plainScheme = 'Payment ';
const requiredNames = ['id', 'realm', 'method', 'intent', 'request'] as const;
const optionalNames = ['expires', 'digest', 'description', 'opaque', 'header'] as const;

/**
 * True when a field value's scheme is `Payment`, in any case; the rest may be malformed.
 *
 * @example
 * ```ts
 * import { isPaymentCredential } from '@farebox/protocol';
 *
 * isPaymentCredential('payment eyJ...'); // true
 * isPaymentCredential('Bearer abc'); // false
 * ```
 */
export function isPaymentCredential(fieldValue: string): boolean {
  return fieldValue.startsWith(plainScheme) || schemeForm.test(fieldValue);
}

/**
 * Writes a credential as an `Authorization` field value: `Payment <base64url(JCS(JSON))>`
 * (draft-httpauth-payment-00 §"Credentials (Authorization)", draft-lightning-charge-00 §"Encoding Conventions").
 * The challenge's strings go out exactly as they came in.
 *
 * @throws TypeError when the payload holds what JSON cannot carry or the whole is longer than
 *   {@link credentialBytesMax}.
 *
 * @example
 * ```ts
 * import { parseChallenges, serializeCredential } from '@farebox/protocol';
 *
 * const { challenges } = parseChallenges(
 *   'Payment id="a1", realm="api.example.com", method="lightning", intent="charge", request="e30"',
 * );
 * const [challenge] = challenges;
 * if (challenge) serializeCredential({ challenge, payload: { preimage: '00'.repeat(32) } });
 * ```
 */
export function serializeCredential(credential: Credential): string {
  const challenge: Record<string, string> = {};
  for (const name of [...requiredNames, ...optionalNames]) {
    const value = credential.challenge[name];
    if (value !== undefined) challenge[name] = value;
  }
  const { source, payload } = credential;
  const json = canonicalize({ challenge, payload, ...(source === undefined ? {} : { source }) });
  const text = `Payment ${encodeBase64url(json)}`;
  if (text.length > credentialBytesMax) {
    throw new TypeError(`The credential is longer than ${credentialBytesMax} bytes; shorten its payload.`);
  }
  return text;
}

/**
 * Reads a credential's field value. The strings of the challenge are kept as they stood; unknown members are
 * ignored, and so is any member named `__proto__`. Nothing is verified: recompute the id before anything else.
 *
 * @param fieldValue - One `Authorization` or `Payment-Authorization` field value: `Payment <token>`.
 * @returns The credential, or a refusal with one of the codes `credential_scheme`, `credential_too_large`,
 *   `credential_encoding`, `credential_json`, `credential_shape`. The detail never contains the input.
 *
 * @example
 * ```ts
 * import { parseCredential } from '@farebox/protocol';
 *
 * const result = parseCredential('Payment eyJub3QiOiJvbmUifQ');
 * if (!result.ok) console.log(result.code); // 'credential_shape'
 * ```
 */
export function parseCredential(fieldValue: string): Result<Credential> {
  if (fieldValue.length > credentialBytesMax) {
    return refuse('credential_too_large', `The credential is longer than ${credentialBytesMax} bytes.`);
  }
  const token = tokenOf(fieldValue);
  if (token === undefined) return refuse('credential_scheme', 'The credential is not of the Payment scheme.');
  const json = token === '' ? undefined : decodeBase64urlText(token, credentialBytesMax);
  if (json === undefined) {
    return refuse('credential_encoding', 'The credential is not base64url of UTF-8 text.');
  }
  const object = parseJsonObject(json);
  if (object === undefined) return refuse('credential_json', 'The credential is not a JSON object.');
  return readCredential(object);
}

/** What follows the scheme, without blanks around; undefined for another scheme. */
function tokenOf(fieldValue: string): string | undefined {
  const plain = fieldValue.startsWith(plainScheme) && !isBlank(fieldValue, plainScheme.length);
  const from = plain ? plainScheme.length : schemeForm.exec(fieldValue)?.[0].length;
  if (from === undefined) return undefined;
  let end = fieldValue.length;
  // By hand, because an expression anchored at the end alone is quadratic.
  while (end > from && isBlank(fieldValue, end - 1)) end--;
  return fieldValue.slice(from, end);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

function readCredential(object: JsonObject): Result<Credential> {
  const { challenge: echo, source, payload } = object;
  if (!isJsonObject(echo)) return refuse('credential_shape', 'The credential has no challenge object.');
  if (!isJsonObject(payload)) return refuse('credential_shape', 'The credential has no payload object.');
  if (source !== undefined && typeof source !== 'string') {
    return refuse('credential_shape', 'The source of the credential is not a string.');
  }
  const { id, realm, method, intent, request } = echo;
  if (typeof id !== 'string' || id === '') return refuseMember('id');
  if (typeof realm !== 'string') return refuseMember('realm');
  if (typeof method !== 'string' || !isMethodIdentifier(method)) return refuseMember('method');
  if (typeof intent !== 'string' || !isIntentIdentifier(intent)) return refuseMember('intent');
  if (typeof request !== 'string' || request === '' || !isToken(request)) return refuseMember('request');
  const challenge: { -readonly [Name in keyof Challenge]: Challenge[Name] } = {
    id,
    realm,
    method,
    intent,
    request,
  };
  // Member by member: in a loop over their names, each would be looked up and stored by its name.
  const { expires, digest, description, opaque, header } = echo;
  if (expires !== undefined) {
    if (typeof expires !== 'string' || parseTimestamp(expires) === undefined) return refuseMember('expires');
    challenge.expires = expires;
  }
  if (digest !== undefined) {
    if (typeof digest !== 'string' || !isDigest(digest)) return refuseMember('digest');
    challenge.digest = digest;
  }
  if (description !== undefined) {
    if (typeof description !== 'string') return refuseMember('description');
    challenge.description = description;
  }
  if (opaque !== undefined) {
    if (typeof opaque !== 'string' || !isToken(opaque)) return refuseMember('opaque');
    challenge.opaque = opaque;
  }
  if (header !== undefined) {
    if (typeof header !== 'string') return refuseMember('header');
    challenge.header = header;
  }
  return { ok: true, value: source === undefined ? { challenge, payload } : { challenge, source, payload } };
}

/** None of the forms of what is bound can hold a `|`, which keeps the binding input unambiguous. */
function isToken(value: string): boolean {
  return isBase64url(value.endsWith('=') ? value.replace(/={1,2}$/, '') : value);
}

function refuseMember(name: string): Result<Credential> {
  return refuse('credential_shape', `The ${name} of the credential's challenge is missing or malformed.`);
}
