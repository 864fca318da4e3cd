import { createHash } from 'node:crypto';
import type { ClaimRequest } from '../ledger.js';

/** A request whose challenge and payment are named by numbers: the same numbers, the same names, in any process. */
export function requestOf(
  challenge: number | string,
  payment: number | string = challenge,
  changes: Partial<ClaimRequest> = {},
): ClaimRequest {
  return {
    challengeId: createHash('sha256').update(`challenge ${challenge}`).digest('base64url'),
    reference: createHash('sha256').update(`payment ${payment}`).digest('hex'),
    method: 'lightning',
    intent: 'charge',
    paid: { amount: 1n, currency: 'sat' },
    route: 'GET /v1/bitcoin/*',
    resource: 'GET /v1/bitcoin/price',
    expiresMs: 1_700_000_300_000,
    nowMs: 1_700_000_000_000,
    ...changes,
  };
}
