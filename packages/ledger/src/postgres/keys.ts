import { challengeIdOf, challengeKey, referenceKey, referenceOf } from '../front/keys.js';

/** The first byte of a stored reference: what follows is text. */
const textTag = 0;
/** The first byte of a stored reference: what follows are the 32 bytes of a hash. */
const hashTag = 1;

/** A challenge id as PostgreSQL keeps it: its 32 bytes. */
export function storedChallenge(challengeId: string): Buffer {
  return challengeKey(challengeId);
}

/**
 * A payment reference as PostgreSQL keeps it, in one column of bytes whose unique index covers every form: a tag, then
 * 32 bytes when the text is 64 lower-case hexadecimal digits, else the text. The tag keeps a text of 32 characters from
 * ever being the bytes of a hash.
 */
export function storedReference(reference: string): Buffer {
  const key = referenceKey(reference);
  const [tag, bytes] = typeof key === 'string' ? [textTag, Buffer.from(key, 'latin1')] : [hashTag, key];
  const stored = Buffer.allocUnsafe(bytes.length + 1);
  stored[0] = tag;
  bytes.copy(stored, 1);
  return stored;
}

/** The challenge id of stored bytes; undefined for what is none. */
export function challengeOfStored(stored: unknown): string | undefined {
  return stored instanceof Uint8Array && stored.length === 32 ? challengeIdOf(stored) : undefined;
}

/** The reference of stored bytes; undefined for what {@link storedReference} never makes. */
export function referenceOfStored(stored: unknown): string | undefined {
  if (!(stored instanceof Uint8Array) || stored.length < 2) return undefined;
  const bytes = stored.subarray(1);
  if (stored[0] === hashTag) return referenceOf(bytes);
  return stored[0] === textTag ? referenceOf(Buffer.from(bytes).toString('latin1')) : undefined;
}
