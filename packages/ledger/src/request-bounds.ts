import type { ClaimRequest } from './ledger.js';
import { rateOutOfBounds } from './quoted-rate.js';

/** A challenge id is base64url of 32 bytes without padding. */
export const challengeIdLengthChars = 43;
/** Longest payment reference; printable ASCII. */
export const referenceLengthMaxChars = 512;
/** Longest `Idempotency-Key`. */
export const idempotencyKeyLengthMaxChars = 255;
/** Longest method, intent, currency or route. */
export const nameLengthMaxChars = 512;
/** Largest body of an answer that is kept. */
export const storedAnswerBytesMax = 1_048_576;
/** What is kept of {@link ClaimRequest.resource}. */
export const resourceLengthMaxChars = 2048;
/** Largest amount: what a signed 64-bit integer holds. Larger ones are refused, never rounded. */
export const amountMax = 2n ** 63n - 1n;

// 43 characters carry 258 bits: the last one has two spare bits, which must be zero, or one id would have four spellings.
const challengeIdPattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const referencePattern = /^[\x20-\x7e]+$/;
// Unpaired surrogates and NUL do not survive UTF-8 storage unchanged.
const unstorable = /[\p{Surrogate}\0]/u;

/** True when the text is a challenge id in its one spelling. */
export function isChallengeId(text: string): boolean {
  return text.length === challengeIdLengthChars && challengeIdPattern.test(text);
}

/** True for a payment's name as a claim can have it: printable ASCII of bounded length. */
export function isReference(text: string): boolean {
  return text.length <= referenceLengthMaxChars && referencePattern.test(text);
}

/** Says which field of a request is out of bounds, or nothing. The names are checked by {@link nameOutOfBounds}. */
export function requestOutOfBounds(request: ClaimRequest): string | undefined {
  if (!isChallengeId(request.challengeId)) return 'challengeId is not base64url of 32 bytes';
  const { reference } = request;
  if (!isReference(reference)) {
    return `reference is not 1 to ${referenceLengthMaxChars} printable ASCII characters`;
  }
  const amount = amountOutOfBounds(request.paid.amount);
  if (amount !== undefined) return amount;
  if (!isTime(request.expiresMs) || !isTime(request.nowMs))
    return 'a time is not whole milliseconds since the epoch';
  return keyOutOfBounds(request.idempotencyKey) ?? rateOutOfBounds(request.rate);
}

/** Says what is wrong with an amount in base units, or nothing. */
export function amountOutOfBounds(amount: bigint): string | undefined {
  return amount < 0n || amount > amountMax ? 'paid is below zero or above 2^63 - 1 base units' : undefined;
}

/** Says what is wrong with an `Idempotency-Key`, or nothing. */
export function keyOutOfBounds(key: string | undefined): string | undefined {
  if (key === undefined || (key.length > 0 && key.length <= idempotencyKeyLengthMaxChars)) return undefined;
  return `idempotencyKey is not 1 to ${idempotencyKeyLengthMaxChars} characters`;
}

/** Says what is wrong with a method, intent, currency or route, or nothing. */
export function nameOutOfBounds(name: string): string | undefined {
  if (name.length === 0 || name.length > nameLengthMaxChars || unstorable.test(name)) {
    return `a name is not 1 to ${nameLengthMaxChars} characters of text`;
  }
  return undefined;
}

/** True for whole milliseconds since the epoch. */
export function isTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0;
}

/** What is kept of a resource: well-formed text of bounded length. It is for people; nothing is decided by it. */
export function keptResource(resource: string): string {
  const kept =
    resource.length > resourceLengthMaxChars ? resource.slice(0, resourceLengthMaxChars) : resource;
  return unstorable.test(kept) ? kept.replace(/[\p{Surrogate}\0]/gu, '\u{fffd}') : kept;
}
