import type { ClaimRequest, ClaimState } from '../ledger.js';

/** A claim as the model has it. */
export interface ModelClaim {
  request: ClaimRequest;
  state: ClaimState;
  answered: boolean;
  attempts: number;
  redeliveries: number;
}

/** What the model says that a verb answers. */
export type ModelAnswer = 'ok' | 'taken by challenge' | 'taken by reference' | 'conflict' | 'true' | 'false';

/**
 * The ledger's contract once more, as plainly as it can be said: no table, no batches, no disk. Written from the words
 * of `ledger.ts`, not from the transition table, so that one can catch the other.
 */
export class ModelLedger {
  readonly claims = new Map<string, ModelClaim>();

  enter(verb: 'claim' | 'deliver' | 'release', request: ClaimRequest): ModelAnswer {
    const held = this.claims.get(request.challengeId);
    if (held === undefined) {
      for (const other of this.claims.values()) {
        if (other.request.reference === request.reference) return 'taken by reference';
      }
    } else {
      if (held.request.reference !== request.reference) return 'taken by challenge';
      const open = held.state === 'released' || (held.state === 'claimed' && verb === 'release');
      if (!open) return 'taken by challenge';
    }
    const claim = held ?? { request, state: 'claimed', answered: false, attempts: 0, redeliveries: 0 };
    this.claims.set(request.challengeId, claim);
    if (verb === 'claim') claim.state = 'claimed';
    if (verb === 'deliver') claim.state = 'delivered';
    if (verb === 'release') {
      claim.state = 'released';
      claim.attempts++;
    }
    return 'ok';
  }

  settle(challengeId: string): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim?.state !== 'claimed') return 'conflict';
    claim.state = 'delivered';
    return 'ok';
  }

  answered(challengeId: string): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim?.state !== 'delivered') return 'conflict';
    claim.answered = true;
    return 'ok';
  }

  redeliver(challengeId: string, redeliveriesMax: number): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim?.state !== 'delivered' || claim.answered || claim.redeliveries >= redeliveriesMax)
      return 'false';
    claim.redeliveries++;
    return 'true';
  }
}
