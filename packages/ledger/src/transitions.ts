import type { ClaimState } from './ledger.js';

/**
 * Where a claim stands: its {@link ClaimState}, with `delivered` split by whether the answer has left completely.
 * Every store keeps this one value, so that "answered but not delivered" cannot even be written down.
 */
export type Standing = 'claimed' | 'released' | 'delivered' | 'answered' | 'expired';

/** Every standing, in the order of {@link standingNumber}. */
export const STANDINGS = ['claimed', 'released', 'delivered', 'answered', 'expired'] as const;

/** The verbs of the ledger that change a claim. */
export type Verb = 'claim' | 'deliver' | 'settle' | 'release' | 'answered' | 'redeliver';

/**
 * What a verb does to a claim.
 *
 * `go`        the claim is written as `to`; `counts` adds one to that counter
 * `keep`      nothing changes, and the caller is told that it is well
 * `taken`     refused: the claim stands in the way (`Taken`)
 * `no`        refused: `false`
 * `conflict`  refused: the caller's own logic is wrong (`LedgerMisuse`, `ledger_conflict`)
 */
export type Move =
  | { readonly move: 'go'; readonly to: Standing; readonly counts?: 'attempts' | 'redeliveries' }
  | { readonly move: 'keep' | 'taken' | 'no' | 'conflict' };

const go = (to: Standing, counts?: 'attempts' | 'redeliveries'): Move =>
  counts === undefined ? { move: 'go', to } : { move: 'go', to, counts };
const keep: Move = { move: 'keep' };
const taken: Move = { move: 'taken' };
const no: Move = { move: 'no' };
const conflict: Move = { move: 'conflict' };

/**
 * The life of a claim (design: the life of a paid request), whole: verb × where the claim stands. Every store decides
 * by this table and by nothing else; the conformance suite walks every cell of it.
 *
 * `redeliver` has two more conditions, checked before its `go`: the caller's `redeliveriesMax`, and for an answered claim
 * the `Idempotency-Key` that it was delivered under.
 */
export const TRANSITIONS: Readonly<Record<Verb, Readonly<Record<Standing | 'absent', Move>>>> = {
  claim: {
    absent: go('claimed'),
    claimed: taken,
    released: go('claimed'),
    delivered: taken,
    answered: taken,
    expired: taken,
  },
  deliver: {
    absent: go('delivered'),
    claimed: taken,
    released: go('delivered'),
    delivered: taken,
    answered: taken,
    expired: taken,
  },
  settle: {
    absent: conflict,
    claimed: go('delivered'),
    released: conflict,
    delivered: conflict,
    answered: conflict,
    expired: conflict,
  },
  release: {
    absent: go('released', 'attempts'),
    claimed: go('released', 'attempts'),
    released: go('released', 'attempts'),
    delivered: taken,
    answered: taken,
    expired: taken,
  },
  answered: {
    absent: conflict,
    claimed: conflict,
    released: conflict,
    delivered: go('answered'),
    answered: keep,
    expired: conflict,
  },
  redeliver: {
    absent: no,
    claimed: no,
    released: no,
    delivered: go('delivered', 'redeliveries'),
    answered: go('delivered', 'redeliveries'),
    expired: no,
  },
};

/** The number that stores keep for a standing, from 1. Never renumber: it is on disk. */
export function standingNumber(standing: Standing): number {
  return STANDINGS.indexOf(standing) + 1;
}

/** The standing that a store's number means; undefined when it means none. */
export function standingOfNumber(stored: number): Standing | undefined {
  return STANDINGS[stored - 1];
}

/** The public state of a standing. */
export function stateOf(standing: Standing): ClaimState {
  return standing === 'answered' ? 'delivered' : standing;
}

/** The part of a claim that the invariants below speak about. */
export interface ClaimShape {
  readonly standing: Standing;
  readonly attempts: number;
  readonly redeliveries: number;
}

/**
 * Says what is impossible about a claim, or nothing. Checked on every read and before every write: a claim that cannot
 * be is evidence of damage, and nothing is served on its word.
 *
 * - a credit (released, expired) was released at least once
 * - only a delivered answer is delivered again
 */
export function impossible(claim: ClaimShape): string | undefined {
  const { standing, attempts, redeliveries } = claim;
  if (!Number.isSafeInteger(attempts) || attempts < 0) return 'its attempts are no count';
  if (!Number.isSafeInteger(redeliveries) || redeliveries < 0) return 'its redeliveries are no count';
  if ((standing === 'released' || standing === 'expired') && attempts === 0) {
    return 'it is a credit that was never released';
  }
  if (redeliveries > 0 && standing !== 'delivered' && standing !== 'answered') {
    return 'it was delivered again without having been delivered';
  }
  return undefined;
}

/** A {@link Move} with the claim's next shape where there is one. */
export type Decision =
  | { readonly move: 'go'; readonly next: ClaimShape }
  | { readonly move: 'keep' | 'taken' | 'no' | 'conflict' };

/**
 * Applies the table to one claim (undefined = absent).
 *
 * @param redeliveriesMax the caller's bound; only `redeliver` looks at it
 * @param keyMatches whether the caller knows the claim's `Idempotency-Key`; only `redeliver` looks at it
 */
export function decide(
  verb: Verb,
  claim: ClaimShape | undefined,
  redeliveriesMax = 0,
  keyMatches = false,
): Decision {
  const move = TRANSITIONS[verb][claim === undefined ? 'absent' : claim.standing];
  if (move.move !== 'go') return { move: move.move };
  const attempts = claim?.attempts ?? 0;
  const redeliveries = claim?.redeliveries ?? 0;
  if (move.counts === 'redeliveries' && redeliveries >= redeliveriesMax) return { move: 'no' };
  if (verb === 'redeliver' && claim?.standing === 'answered' && !keyMatches) return { move: 'no' };
  return {
    move: 'go',
    next: {
      standing: move.to,
      attempts: move.counts === 'attempts' ? attempts + 1 : attempts,
      redeliveries: move.counts === 'redeliveries' ? redeliveries + 1 : redeliveries,
    },
  };
}
