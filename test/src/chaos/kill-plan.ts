import type { Random } from './random.js';
import type { RouteName } from './world.js';

/** Who is killed. */
export type Victim = 'gateway' | 'wallet' | 'both';

/** What the moment is counted from: the wallet's start, the gateway's 402, the upstream being asked. */
export type Anchor = 'start' | 'challenged' | 'upstream';

/** One round: everything about it that chance decides. */
export interface Plan {
  readonly route: RouteName;
  readonly victim: Victim;
  readonly anchor: Anchor;
  /** Where between the anchor and the usual end the kill falls: 0 to 1. */
  readonly at: number;
  /** How long the upstream works in this round, milliseconds. */
  readonly workMs: number;
  /** `later`: left to another round, or to the audit. `killed`: the resumption is killed as well. */
  readonly resume: 'now' | 'later' | 'killed';
}

/** Longest work of the upstream in a round, milliseconds. */
const workMsMax = 30;

/** The plan of a round. Every round draws the same number of times, so that plans do not depend on each other. */
export function planRound(random: Random): Plan {
  return {
    route: random.pick(['safe', 'safe', 'stream', 'idempotent', 'idempotent', 'once']),
    victim: random.pick(['gateway', 'gateway', 'wallet', 'wallet', 'both']),
    anchor: random.pick(['start', 'challenged', 'challenged', 'upstream', 'upstream']),
    at: random.fraction(),
    workMs: random.below(workMsMax + 1),
    resume: random.pick(['now', 'now', 'later', 'killed']),
  };
}

/** How long an undisturbed purchase takes from each anchor to its end, milliseconds. */
export type Spans = Readonly<Record<Anchor, number>>;

/** A little beyond the usual end, so that kills right after it are among them. */
const overshoot = 1.1;

/** Milliseconds from the anchor to the kill. */
export function killDelayMs(plan: Plan, spans: Spans): number {
  return plan.at * spans[plan.anchor] * overshoot;
}
