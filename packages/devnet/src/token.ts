import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Entropy of a token that is made here. */
const tokenBytes = 32;

/** A token's shortest text: 32 bytes in base64url. */
export const tokenCharactersMin = 43;

/** A new token: 32 random bytes in base64url. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

/** Whether a request's `Authorization` carries the token, as bearer or as basic with user `farebox`. Constant time. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const [scheme = '', value = ''] = (header ?? '').split(' ', 2);
  const kind = scheme.toLowerCase();
  if (kind === 'bearer') return isEqual(value, token);
  if (kind === 'basic') return isEqual(Buffer.from(value, 'base64').toString('utf8'), `farebox:${token}`);
  return false;
}

/** Compares digests, so that neither content nor length can be timed. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
