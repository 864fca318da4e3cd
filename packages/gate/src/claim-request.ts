import type { ClaimRequest } from '@farebox/ledger';
import type { Passage } from './refusal.js';
import { resourceLine } from './resource.js';
import type { Proven } from './verify.js';

/** What a proven payment claims of the ledger. */
export function claimRequest(passage: Passage, proven: Proven, nowMs: number): ClaimRequest {
  const { challenge, settlement, expiresMs } = proven;
  return {
    challengeId: challenge.id,
    reference: settlement.reference,
    method: challenge.method,
    intent: challenge.intent,
    paid: settlement.paid,
    rate: settlement.rate,
    route: passage.terms.route,
    resource: resourceLine(passage.resource),
    expiresMs,
    nowMs,
    idempotencyKey: passage.request.idempotencyKey,
  };
}
