import { drawKeyId, drawSecret, hashSecret, shownPart } from '../secret.js';
import type { NewKey } from '../store.js';

/** A moment to count from. */
export const startMs = Date.UTC(2026, 0, 31, 12);

/** A key with its secret. */
export function newKey(changes: Partial<NewKey> = {}): { readonly key: NewKey; readonly secret: string } {
  const secret = drawSecret('fb_test_');
  const key = {
    id: drawKeyId(),
    hash: hashSecret(secret),
    shown: shownPart(secret),
    name: 'a customer',
    plan: 'default',
    scopes: [],
    createdMs: startMs,
    expiresMs: undefined,
    ...changes,
  };
  return { key, secret };
}
