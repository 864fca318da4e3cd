import { hash } from 'node:crypto';

const hexHash = /^[0-9a-f]{64}$/;

/** A challenge id as it is stored: its 32 bytes. */
export function challengeKey(challengeId: string): Buffer {
  return Buffer.from(challengeId, 'base64url');
}

/** The challenge id of stored bytes. */
export function challengeIdOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64url');
}

/** True for a reference of 64 lower-case hexadecimal digits. */
export function isHash(reference: string): boolean {
  return reference.length === 64 && hexHash.test(reference);
}

/** A payment reference as it is stored: 32 bytes for a hash ({@link isHash}), else its text. */
export function referenceKey(reference: string): Buffer | string {
  return isHash(reference) ? Buffer.from(reference, 'hex') : reference;
}

/** The reference of a stored key; undefined for what {@link referenceKey} never makes. */
export function referenceOf(key: unknown): string | undefined {
  if (key instanceof Uint8Array) {
    return key.length === 32 ? Buffer.from(key.buffer, key.byteOffset, 32).toString('hex') : undefined;
  }
  return typeof key === 'string' && !hexHash.test(key) ? key : undefined;
}

/** What is kept of an `Idempotency-Key`: 16 bytes of its SHA-256. Empty text stands for none. */
export function idempotencyHash(key: string): Buffer | undefined {
  return key === '' ? undefined : hash('sha256', key, 'buffer').subarray(0, 16);
}
