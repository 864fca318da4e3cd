import { type ScannedChallenge, scanChallenges } from './auth-scanner.js';
import { isBase64url } from './base64url.js';
import { isDigest } from './digest.js';
import { decodeRequest } from './request.js';
import { parseTimestamp } from './timestamp.js';

/**
 * A payment challenge: the auth-params of one `WWW-Authenticate: Payment` challenge
 * (draft-httpauth-payment-00 §"Challenge (WWW-Authenticate)").
 *
 * Every value is the raw string of the wire. `request` and `opaque` stay base64url text: they are what the
 * id was computed over, and re-encoding them could change a byte.
 */
export interface Challenge {
  readonly id: string;
  readonly realm: string;
  readonly method: string;
  readonly intent: string;
  /** base64url(JCS(JSON)), as it stood on the wire. */
  readonly request: string;
  /** RFC 3339 date-time. */
  readonly expires?: string;
  /** RFC 9530 content digest of the body that the challenge is for. */
  readonly digest?: string;
  /** For display only; no decision may rest on it. */
  readonly description?: string;
  /** base64url(JCS(flat string map)), the server's correlation data. */
  readonly opaque?: string;
  /**
   * The header field that the credential must be sent in, `Authorization` when absent. Not in the draft: the mppx SDK
   * asks for `Payment-Authorization` where `Authorization` is needed for something else, and binds its id to it, so it
   * must be echoed. Farebox accepts both fields and never sends this parameter.
   */
  readonly header?: string;
}

/** What {@link parseChallenges} found. */
export interface ParsedChallenges {
  /** The usable `Payment` challenges, in the order of the wire. */
  readonly challenges: Challenge[];
  /** One entry for each `Payment` challenge that is not usable; the reason never contains wire data. */
  readonly skipped: { readonly reason: string }[];
}

/** Most bytes of `WWW-Authenticate` that are read, over all field values. */
export const challengeFieldsBytesMax = 64 * 1024;
/** Most bytes of one challenge. */
export const challengeBytesMax = 16 * 1024;
/** Most `Payment` challenges that are looked at in one response. */
export const challengesMax = 32;
/** Most characters of a `description` that are sent; the rest is cut off. */
export const descriptionCharsMax = 1024;

const requiredNames = ['id', 'realm', 'method', 'intent', 'request'] as const;
const optionalNames = ['expires', 'digest', 'description', 'opaque', 'header'] as const;
/** The order in which parameters are written, and the names that a hint may not take. */
const parameterNames = [...requiredNames, ...optionalNames];
const methodForm = /^[a-z]+$/;
const intentForm = /^[A-Za-z0-9-]+$/;
const hintNameForm = /^[a-z][a-z0-9_-]*$/;
const visibleAscii = /^[\x20-\x7e]*$/;

/** True for a payment method identifier: lower-case ASCII letters (core §"Method Identifier Format"). */
export function isMethodIdentifier(text: string): boolean {
  return methodForm.test(text);
}

/** True for a payment intent identifier: letters, digits and hyphens (core §"Intent Identifiers"). */
export function isIntentIdentifier(text: string): boolean {
  return intentForm.test(text);
}

/**
 * Reads the `Payment` challenges of a response (RFC 9110 §11.6.1, draft-httpauth-payment-00 §"Challenge"). Several
 * challenges in one field value and in many, other schemes beside ours; a challenge that is malformed, repeats a
 * parameter or lacks one is skipped with a reason and never hides another. Unknown parameters are ignored.
 *
 * Never throws. Reads at most {@link challengeFieldsBytesMax} in all, {@link challengeBytesMax} of one challenge
 * and {@link challengesMax} challenges; what lies beyond is skipped, and says so.
 *
 * @param fieldValues - Every `WWW-Authenticate` field value, or one string with all of them joined by commas (what
 *   `fetch` gives).
 *
 * @example
 * ```ts
 * import { parseChallenges } from '@farebox/protocol';
 *
 * const { challenges, skipped } = parseChallenges(
 *   'Basic realm="x", Payment id="a1", realm="api.example.com", method="lightning", intent="charge", request="e30"',
 * );
 * console.log(challenges.length, skipped.length); // 1 0
 * ```
 */
export function parseChallenges(fieldValues: string | readonly string[]): ParsedChallenges {
  const challenges: Challenge[] = [];
  const skipped: { reason: string }[] = [];
  let bytesLeft = challengeFieldsBytesMax;
  let challengesLeft = challengesMax;
  let tooLong = false;
  for (const value of typeof fieldValues === 'string' ? [fieldValues] : fieldValues) {
    if (value.length > bytesLeft) {
      tooLong = true;
      continue;
    }
    bytesLeft -= value.length;
    for (const scanned of scanChallenges(value)) {
      if (scanned.scheme !== 'payment') continue;
      if (challengesLeft-- === 0) {
        skipped.push({ reason: `There are more than ${challengesMax} Payment challenges.` });
        return { challenges, skipped };
      }
      const challenge = readChallenge(scanned);
      if (typeof challenge === 'string') skipped.push({ reason: challenge });
      else challenges.push(challenge);
    }
  }
  if (tooLong)
    skipped.push({ reason: `The field values are longer than ${challengeFieldsBytesMax} bytes in all.` });
  return { challenges, skipped };
}

/** The challenge, or the reason why it is not usable. */
function readChallenge(scanned: ScannedChallenge): Challenge | string {
  if (scanned.fault !== undefined) return `The challenge is malformed: ${scanned.fault}.`;
  if (scanned.chars > challengeBytesMax) return `The challenge is longer than ${challengeBytesMax} bytes.`;
  const { parameters, stray } = scanned;
  for (const name of parameterNames) {
    // Without a parameter that its id covers, the challenge could be paid and never redeemed.
    if (stray.has(name) && !parameters.has(name) && name !== 'description') {
      return `The challenge is malformed: its ${name} cannot be read.`;
    }
  }
  for (const name of requiredNames) {
    if (!parameters.has(name)) return `The challenge has no ${name}.`;
  }
  const challenge: { -readonly [Name in keyof Challenge]: Challenge[Name] } = {
    // Present, as just checked: the empty strings are never taken.
    id: parameters.get('id') ?? '',
    realm: parameters.get('realm') ?? '',
    method: parameters.get('method') ?? '',
    intent: parameters.get('intent') ?? '',
    request: parameters.get('request') ?? '',
  };
  for (const name of optionalNames) {
    // Of a description, for display only, as much as could be read will do.
    const value = parameters.get(name) ?? (stray.get(name) || undefined);
    if (value !== undefined) challenge[name] = value;
  }
  if (decodeRequest(challenge.request) === undefined) {
    return 'The challenge has a request that is not a base64url JSON object.';
  }
  return findFault(challenge) ?? challenge;
}

/** What is wrong with a challenge's values; `undefined` when nothing is. */
function findFault(challenge: Challenge): string | undefined {
  const { expires, digest, opaque } = challenge;
  if (challenge.id === '') return 'The challenge has an empty id.';
  if (!methodForm.test(challenge.method)) return 'The challenge has a method that is not lower-case letters.';
  if (!intentForm.test(challenge.intent)) return 'The challenge has an intent that is not a token.';
  if (challenge.request === '' || !isBase64url(withoutPadding(challenge.request))) {
    return 'The challenge has a request that is not base64url.';
  }
  if (expires !== undefined && parseTimestamp(expires) === undefined) {
    return 'The challenge has an expires that is not an RFC 3339 date-time.';
  }
  if (digest !== undefined && !isDigest(digest)) {
    return 'The challenge has a digest that is not an RFC 9530 digest.';
  }
  if (opaque !== undefined && !isBase64url(withoutPadding(opaque))) {
    return 'The challenge has an opaque that is not base64url.';
  }
  if (challenge.header !== undefined && !isCredentialHeader(challenge.header)) {
    return 'The challenge wants the credential in a header field that is not for credentials.';
  }
  return undefined;
}

function withoutPadding(text: string): string {
  return text.endsWith('=') ? text.replace(/={1,2}$/, '') : text;
}

/** Any other field could overwrite something that the request needs, at the seller's choice. */
function isCredentialHeader(name: string): boolean {
  return /^(?:payment-)?authorization$/i.test(name);
}

/**
 * Writes a challenge as a `WWW-Authenticate` field value: `Payment id="…", realm="…", …`.
 *
 * The `description` is for display and not bound by the id, so text in any language is made to fit instead of failing
 * the 402: each character outside ASCII becomes `?`, and it is cut at {@link descriptionCharsMax} characters.
 * Everything else must be right already.
 *
 * @param hints - More parameters, for people and simple clients to read (`{ amount: '1' }`). Lower-case names that
 *   no parameter of the specification has. They are not bound by the id; nothing may rest on them.
 * @throws TypeError when a value holds a control character or one outside ASCII, the id is empty, the method,
 *   intent, request, expires, digest or opaque is malformed, a hint's name is not allowed, or the whole is longer
 *   than {@link challengeBytesMax}.
 *
 * @example
 * ```ts
 * import { encodeRequest, serializeChallenge } from '@farebox/protocol';
 *
 * serializeChallenge({
 *   id: 'x7Tg2pLqR9mKvNwY3hBcZa',
 *   realm: 'api.example.com',
 *   method: 'lightning',
 *   intent: 'charge',
 *   request: encodeRequest({ amount: '1', currency: 'sat' }),
 * });
 * ```
 */
export function serializeChallenge(
  challenge: Challenge,
  hints: Readonly<Record<string, string>> = {},
): string {
  const fault = findFault(challenge);
  if (fault !== undefined) throw new TypeError(fault);
  let text = 'Payment ';
  for (const name of parameterNames) {
    const value = challenge[name];
    if (value === undefined) continue;
    text += `${text.length > 8 ? ', ' : ''}${name}=${quote(name, name === 'description' ? displayable(value) : value)}`;
  }
  const taken: readonly string[] = parameterNames;
  for (const [name, value] of Object.entries(hints)) {
    if (!hintNameForm.test(name) || taken.includes(name)) {
      throw new TypeError('A hint needs a lower-case name that no challenge parameter has.');
    }
    text += `, ${name}=${quote(name, value)}`;
  }
  if (text.length > challengeBytesMax) {
    throw new TypeError(
      `The challenge is longer than ${challengeBytesMax} bytes; shorten its request or opaque.`,
    );
  }
  return text;
}

/** The values that {@link findFault} has held to forms in which nothing can need escaping. */
const plainNames: ReadonlySet<string> = new Set(['method', 'intent', 'request', 'expires', 'opaque']);

/** A quoted-string, RFC 9110 §5.6.4. */
function quote(name: string, value: string): string {
  if (plainNames.has(name)) return `"${value}"`;
  if (!visibleAscii.test(value)) {
    throw new TypeError(`The ${name} of a challenge may hold visible ASCII characters and spaces only.`);
  }
  // Looking first is far cheaper, and hardly any value has one.
  if (!value.includes('"') && !value.includes('\\')) return `"${value}"`;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function displayable(description: string): string {
  return description.slice(0, descriptionCharsMax).replace(/[\x80-\u{10ffff}]/gu, '?');
}
