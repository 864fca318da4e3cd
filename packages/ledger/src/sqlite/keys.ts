import { hash } from 'node:crypto';
import { challengeKey, referenceKey } from '../front/keys.js';

/** A challenge or a payment as the ledger's thread knows it. */
export interface Key {
  /** As it is stored. */
  readonly stored: Buffer | string;
  /** The first 32 bits, for the index in memory. */
  readonly print: number;
  /** The next 8 bits: only kept on disk, where they make it rare that two claims look alike (`key-blocks.ts`). */
  readonly extra: number;
}

/** A {@link Key} of bytes: a challenge's, and a payment's that is a hash. */
export interface HashKey extends Key {
  readonly stored: Buffer;
}

/** The key of a challenge id. */
export function keyOfChallenge(challengeId: string): HashKey {
  return keyOf(challengeKey(challengeId));
}

/** The key of a payment reference. */
export function keyOfReference(reference: string): Key {
  return keyOf(referenceKey(reference));
}

/** The key of what is stored. Texts are hashed, since they need not begin at random. */
export function keyOf(stored: Buffer): HashKey;
export function keyOf(stored: Buffer | string): Key;
export function keyOf(stored: Buffer | string): Key {
  const bytes = typeof stored === 'string' ? hash('sha256', stored, 'buffer') : stored;
  return { stored, print: bytes.readUInt32BE(0), extra: bytes[4] ?? 0 };
}
