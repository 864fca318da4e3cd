import type { ClaimRequest } from '../ledger.js';
import type { ClaimState } from '../transitions.js';

/** A claim as the model has it. */
export interface ModelClaim {
  request: ClaimRequest;
  state: ClaimState;
  attempts: number;
  redeliveries: number;
}

/** What the model says that a verb answers. */
export type ModelAnswer = 'ok' | 'taken by challenge' | 'taken by reference' | 'conflict' | 'allowed' | 'no';

/** Verbs that come with a request. */
export type ModelEnter = 'claim' | 'reclaim' | 'deliver' | 'release';
/** Verbs that name a claim by its seq. */
export type ModelAdvance =
  | 'settle'
  | 'unknown'
  | 'answered'
  | 'cut'
  | 'broken'
  | 'resolve released'
  | 'resolve delivered'
  | 'refund';

/** Where a claim's amount stands. */
const accountOf: Readonly<Record<ClaimState, string>> = {
  claimed: 'owed',
  unknown: 'owed',
  released: 'owed',
  delivered: 'revenue',
  cut: 'revenue',
  answered: 'revenue',
  expired: 'breakage',
  refunded: 'refunds',
};

/**
 * The ledger's contract once more, as plainly as it can be said, for one holder: no table, no batches, no disk. Written
 * from the words of `ledger.ts`, not from the transition table, so that one can catch the other.
 */
export class ModelLedger {
  readonly claims = new Map<string, ModelClaim>();
  /** Balance of every account; `received` is what was paid. */
  readonly balances = new Map<string, bigint>();

  enter(verb: ModelEnter, request: ClaimRequest): ModelAnswer {
    const held = this.claims.get(request.challengeId);
    if (held === undefined) {
      for (const other of this.claims.values()) {
        if (other.request.reference === request.reference) return 'taken by reference';
      }
    } else {
      if (held.request.reference !== request.reference) return 'taken by challenge';
      const open =
        held.state === 'released' ||
        (held.state === 'claimed' && verb === 'release') ||
        (held.state === 'unknown' && verb === 'reclaim');
      if (!open) return 'taken by challenge';
    }
    const claim = held ?? { request, state: 'claimed', attempts: 0, redeliveries: 0 };
    const { amount } = request.paid;
    if (held === undefined) {
      this.claims.set(request.challengeId, claim);
      this.#add('received', amount);
      this.#add('owed', amount);
    }
    if (verb === 'claim' || verb === 'reclaim') this.#become(claim, 'claimed');
    if (verb === 'deliver') this.#become(claim, 'delivered');
    if (verb === 'release') {
      this.#become(claim, 'released');
      claim.attempts++;
    }
    return 'ok';
  }

  advance(verb: ModelAdvance, challengeId: string): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim === undefined) return 'conflict';
    const { state } = claim;
    switch (verb) {
      case 'settle':
        return this.#when(claim, state === 'claimed', 'delivered');
      case 'unknown':
        return this.#when(claim, state === 'claimed' || state === 'unknown', 'unknown');
      case 'answered':
        return this.#when(claim, state === 'delivered' || state === 'answered', 'answered');
      case 'broken':
        if (state === 'delivered') {
          claim.attempts++;
          claim.redeliveries = Math.max(0, claim.redeliveries - 1);
        }
        return this.#when(claim, state === 'delivered' || state === 'cut', 'cut');
      case 'cut':
        return this.#when(claim, state === 'delivered' || state === 'cut', 'cut');
      case 'resolve released':
        if (state === 'unknown') claim.attempts++;
        return this.#when(claim, state === 'unknown', 'released');
      case 'resolve delivered':
        return this.#when(claim, state === 'unknown', 'cut');
      case 'refund':
        return this.#when(claim, state !== 'claimed' && state !== 'delivered', 'refunded');
    }
  }

  abandon(challengeId: string): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim?.state === 'claimed') {
      claim.attempts++;
      this.#become(claim, 'released');
    } else if (claim?.state === 'delivered') this.#become(claim, 'cut');
    return 'ok';
  }

  redeliver(challengeId: string, redeliveriesMax: number): ModelAnswer {
    const claim = this.claims.get(challengeId);
    if (claim === undefined || (claim.state !== 'delivered' && claim.state !== 'cut')) return 'no';
    if (claim.redeliveries >= redeliveriesMax) return 'no';
    claim.redeliveries++;
    this.#become(claim, 'delivered');
    return 'allowed';
  }

  /** All credits of this model expire. */
  expireCredits(): void {
    for (const claim of this.claims.values()) {
      if (claim.state === 'released') this.#become(claim, 'expired');
    }
  }

  #when(claim: ModelClaim, allowed: boolean, to: ClaimState): ModelAnswer {
    if (!allowed) return 'conflict';
    this.#become(claim, to);
    return 'ok';
  }

  #become(claim: ModelClaim, to: ClaimState): void {
    const { amount } = claim.request.paid;
    this.#add(accountOf[claim.state], -amount);
    this.#add(accountOf[to], amount);
    claim.state = to;
  }

  #add(account: string, amount: bigint): void {
    this.balances.set(account, (this.balances.get(account) ?? 0n) + amount);
  }
}
