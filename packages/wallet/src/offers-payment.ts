import { parseChallenges } from '@farebox/protocol';

/**
 * True for a refusal that can be paid all the same: it is no 402 and carries a Payment challenge. So answers a seller whose
 * key is over its limit (429), unknown (401) or out of scope (403). The wallet does not pay it by itself: who sent a key did not
 * ask to pay.
 *
 * @param wwwAuthenticate - The field as it came; undefined where there is none.
 */
export function offersPayment(status: number, wwwAuthenticate: string | undefined): boolean {
  if (status < 400 || status === 402 || wwwAuthenticate === undefined) return false;
  return parseChallenges(wwwAuthenticate).challenges.length > 0;
}

/** What to do with such an answer. */
export const payInsteadAdvice = 'It offers payment too: to pay, ask again without the key.';
