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
  return schemeForm.test(fieldValue);
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
  const scheme = schemeForm.exec(fieldValue);
  if (scheme === null) return refuse('credential_scheme', 'The credential is not of the Payment scheme.');
  const token = trimEnd(fieldValue.slice(scheme[0].length));
  const json = token === '' ? undefined : decodeBase64urlText(token, credentialBytesMax);
  if (json === undefined) {
    return refuse('credential_encoding', 'The credential is not base64url of UTF-8 text.');
  }
  const object = parseJsonObject(json);
  if (object === undefined) return refuse('credential_json', 'The credential is not a JSON object.');
  return readCredential(object);
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
  for (const name of optionalNames) {
    const value = echo[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !hasForm(name, value)) return refuseMember(name);
    challenge[name] = value;
  }
  return { ok: true, value: { challenge, ...(source === undefined ? {} : { source }), payload } };
}

/** The forms that the wire allows. None that is bound can hold a `|`, which keeps the binding input unambiguous. */
function hasForm(name: (typeof optionalNames)[number], value: string): boolean {
  if (name === 'expires') return parseTimestamp(value) !== undefined;
  if (name === 'digest') return isDigest(value);
  return name !== 'opaque' || isToken(value);
}

function isToken(value: string): boolean {
  return isBase64url(value.endsWith('=') ? value.replace(/={1,2}$/, '') : value);
}

function refuseMember(name: string): Result<Credential> {
  return refuse('credential_shape', `The ${name} of the credential's challenge is missing or malformed.`);
}

/** Without trailing blanks; by hand, because an expression anchored at the end alone is quadratic. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(0, end);
}
