/**
 * The states of a claim (design: the life of a paid request). An unpaid challenge is not stored.
 *
 * claimed    a credential holds the payment while its upstream works (durable for `once` routes only)
 * unknown    a `once` upstream was asked, and nobody knows what it did
 * released   paid and not delivered: a credit, redeemable with the same credential
 * delivered  done; the receipt exists from here on, and the answer is leaving
 * cut        delivered, and the answer did not leave completely: it may be given again
 * answered   delivered, and the answer has left completely: the credential is used up
 * expired    a credit that nobody redeemed in time
 * refunded   the buyer has been paid back, by hand
 */
export type ClaimState =
  | 'claimed'
  | 'released'
  | 'delivered'
  | 'answered'
  | 'expired'
  | 'cut'
  | 'unknown'
  | 'refunded';

/** Every state, in the order of {@link stateNumber}. */
export const CLAIM_STATES = [
  'claimed',
  'released',
  'delivered',
  'answered',
  'expired',
  'cut',
  'unknown',
  'refunded',
] as const satisfies readonly ClaimState[];

/**
 * In whose hands a claim is that somebody works on, seen by one holder (an open ledger).
 *
 * mine      its own
 * theirs    another holder's, which lives: never taken over
 * orphaned  a dead holder's: may be taken over
 */
export type Hold = 'mine' | 'theirs' | 'orphaned';

/** Where a claim stands, seen by one holder. The two states in which somebody works on it are split by the {@link Hold}. */
export type Place =
  | 'absent'
  | 'claimed'
  | 'claimed-theirs'
  | 'claimed-orphaned'
  | 'unknown'
  | 'released'
  | 'delivered'
  | 'delivered-theirs'
  | 'delivered-orphaned'
  | 'cut'
  | 'answered'
  | 'expired'
  | 'refunded';

/** Every place. */
export const PLACES = [
  'absent',
  'claimed',
  'claimed-theirs',
  'claimed-orphaned',
  'unknown',
  'released',
  'delivered',
  'delivered-theirs',
  'delivered-orphaned',
  'cut',
  'answered',
  'expired',
  'refunded',
] as const satisfies readonly Place[];

/** The verbs of the ledger that change a claim. `reclaim` is `claim` with `askAgain`. */
export type Verb =
  | 'claim'
  | 'reclaim'
  | 'deliver'
  | 'settle'
  | 'release'
  | 'unknown'
  | 'abandon'
  | 'answered'
  | 'cut'
  | 'redeliver'
  | 'resolve-released'
  | 'resolve-delivered'
  | 'refund'
  | 'expire'
  | 'lapse';

/** What a `go` counts. `attempts-not-redeliveries`: one attempt more, and one redelivery less where there was one. */
export type Counter = 'attempts' | 'redeliveries' | 'attempts-not-redeliveries';

/**
 * What a verb does to a claim.
 *
 * `go`        the claim is written as `to`; `counts` says what is counted. Who moves it to `claimed` or `delivered` holds it
 * `keep`      nothing changes, and the caller is told that it is well
 * `taken`     refused: the claim stands in the way (`Taken`)
 * `no`        refused
 * `busy`      refused for now: another holder works on it
 * `conflict`  refused: the caller's own logic is wrong, or it was fenced off (`LedgerMisuse`, `ledger_conflict`)
 */
export type Move =
  | { readonly move: 'go'; readonly to: ClaimState; readonly counts?: Counter }
  | { readonly move: 'keep' | 'taken' | 'no' | 'busy' | 'conflict' };

const go = (to: ClaimState, counts?: Counter): Move =>
  counts === undefined ? { move: 'go', to } : { move: 'go', to, counts };
const keep: Move = { move: 'keep' };
const taken: Move = { move: 'taken' };
const no: Move = { move: 'no' };
const busy: Move = { move: 'busy' };
const conflict: Move = { move: 'conflict' };

/** A row of the table: `otherwise` for every place that is not named. */
function row(otherwise: Move, named: Partial<Record<Place, Move>>): Readonly<Record<Place, Move>> {
  return {
    absent: otherwise,
    claimed: otherwise,
    'claimed-theirs': otherwise,
    'claimed-orphaned': otherwise,
    unknown: otherwise,
    released: otherwise,
    delivered: otherwise,
    'delivered-theirs': otherwise,
    'delivered-orphaned': otherwise,
    cut: otherwise,
    answered: otherwise,
    expired: otherwise,
    refunded: otherwise,
    ...named,
  };
}

const claiming = { absent: go('claimed'), released: go('claimed') };

/**
 * The life of a claim (design: the life of a paid request), whole: verb × where the claim stands. Every store decides
 * by this table and by nothing else; the conformance suite walks every cell of it.
 *
 * `redeliver` has one more condition, checked before its `go`: the caller's `redeliveriesMax`.
 */
export const TRANSITIONS: Readonly<Record<Verb, Readonly<Record<Place, Move>>>> = {
  claim: row(taken, claiming),
  reclaim: row(taken, { ...claiming, unknown: go('claimed'), 'claimed-orphaned': go('claimed') }),
  deliver: row(taken, { absent: go('delivered'), released: go('delivered') }),
  settle: row(conflict, { claimed: go('delivered') }),
  release: row(taken, {
    absent: go('released', 'attempts'),
    claimed: go('released', 'attempts'),
    released: go('released', 'attempts'),
  }),
  unknown: row(conflict, { claimed: go('unknown'), unknown: keep }),
  abandon: row(keep, { claimed: go('released', 'attempts'), delivered: go('cut') }),
  answered: row(conflict, { delivered: go('answered'), answered: keep }),
  cut: row(conflict, { delivered: go('cut'), cut: keep }),
  redeliver: row(no, {
    delivered: go('delivered', 'redeliveries'),
    'delivered-theirs': busy,
    'delivered-orphaned': go('delivered', 'redeliveries'),
    cut: go('delivered', 'redeliveries'),
  }),
  'resolve-released': row(conflict, {
    unknown: go('released', 'attempts'),
    'claimed-orphaned': go('released', 'attempts'),
  }),
  'resolve-delivered': row(conflict, { unknown: go('cut'), 'claimed-orphaned': go('cut') }),
  refund: row(go('refunded'), {
    absent: conflict,
    claimed: conflict,
    'claimed-theirs': conflict,
    delivered: conflict,
    'delivered-theirs': conflict,
    refunded: keep,
  }),
  expire: row(keep, { absent: conflict, released: go('expired') }),
  // Delivered, and for so long nobody has come for what was lost of it: the credential is used up.
  lapse: row(keep, { absent: conflict, 'delivered-orphaned': go('answered'), cut: go('answered') }),
};

/** The number that stores keep for a state, from 1. Never renumber: it is on disk. */
export function stateNumber(state: ClaimState): number {
  return CLAIM_STATES.indexOf(state) + 1;
}

/** The state that a store's number means; undefined when it means none. */
export function stateOfNumber(stored: number): ClaimState | undefined {
  return CLAIM_STATES[stored - 1];
}

/** True for the states in which somebody works on a claim: only there a holder means anything. */
export function isHeld(state: ClaimState): state is 'claimed' | 'delivered' {
  return state === 'claimed' || state === 'delivered';
}

/** Where a claim stands, in the hands of `hold`. */
export function placeOf(state: ClaimState, hold: Hold): Place {
  return isHeld(state) && hold !== 'mine' ? `${state}-${hold}` : state;
}

/** The part of a claim that the invariants below speak about. */
export interface ClaimShape {
  readonly state: ClaimState;
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
  const { state, attempts, redeliveries } = claim;
  if (!Number.isSafeInteger(attempts) || attempts < 0) return 'its attempts are no count';
  if (!Number.isSafeInteger(redeliveries) || redeliveries < 0) return 'its redeliveries are no count';
  if ((state === 'released' || state === 'expired') && attempts === 0) {
    return 'it is a credit that was never released';
  }
  if (redeliveries > 0 && !everDelivered.has(state)) {
    return 'it was delivered again without having been delivered';
  }
  return undefined;
}

const everDelivered: ReadonlySet<ClaimState> = new Set(['delivered', 'cut', 'answered', 'refunded']);

/** What a decision rests on besides the table. */
export interface DecisionTerms {
  /** In whose hands the claim is. */
  readonly hold: Hold;
  /** Only `redeliver` looks at it. */
  readonly redeliveriesMax?: number;
  /** The upstream broke the answer off; only `cut` looks at it. */
  readonly byUpstream?: boolean;
}

/** A {@link Move} with the claim's next shape where there is one. */
export type Decision =
  | { readonly move: 'go'; readonly next: ClaimShape }
  | { readonly move: 'keep' | 'taken' | 'no' | 'busy' | 'conflict' };

/** Applies the table to one claim (undefined = absent). */
export function decide(verb: Verb, claim: ClaimShape | undefined, terms: DecisionTerms): Decision {
  const place = claim === undefined ? 'absent' : placeOf(claim.state, terms.hold);
  const move = TRANSITIONS[verb][place];
  if (move.move !== 'go') return { move: move.move };
  const attempts = claim?.attempts ?? 0;
  const redeliveries = claim?.redeliveries ?? 0;
  if (verb === 'redeliver' && redeliveries >= (terms.redeliveriesMax ?? 0)) return { move: 'no' };
  const counts = verb === 'cut' && terms.byUpstream === true ? 'attempts-not-redeliveries' : move.counts;
  return { move: 'go', next: { state: move.to, ...counted(attempts, redeliveries, counts) } };
}

function counted(attempts: number, redeliveries: number, counts: Counter | undefined) {
  switch (counts) {
    case undefined:
      return { attempts, redeliveries };
    case 'attempts':
      return { attempts: attempts + 1, redeliveries };
    case 'redeliveries':
      return { attempts, redeliveries: redeliveries + 1 };
    case 'attempts-not-redeliveries':
      return { attempts: attempts + 1, redeliveries: Math.max(0, redeliveries - 1) };
  }
}
