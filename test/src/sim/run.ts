import { isDelivered, isSpent } from './answer-checks.js';
import type { Violation } from './facts.js';
import { leaseMs, type Parts } from './gateways.js';
import { checkMarks } from './ledger-checks.js';
import type { Plan } from './plan.js';
import { isOnce, type Purchase } from './shop.js';
import { World } from './world.js';

/** What became of the paid purchases, and what it took. All are counts; they add up over worlds. */
export interface Tally {
  steps: number;
  operations: number;
  crashes: number;
  faults: number;
  paid: number;
  /** Of the paid: the buyer had a whole answer before the faults stopped. */
  served: number;
  /** Of the paid: got it with the same credential once the faults had stopped. */
  redeemed: number;
  /** Of the paid, on `once` routes: the upstream was asked, or may have been, and the outcome is unknown (409). */
  held: number;
  /** Of the held: the upstream was never asked; the process died, or the ledger failed, in between. */
  heldUnasked: number;
  /** Of these: no process died, so that one was there to know that the upstream was never asked. */
  heldForNothing: number;
  /** Of the paid, on `once` routes: delivered, and an answer too long to be kept was cut off. */
  lost: number;
  /** Of the paid: every delivery that the bound allows was cut off. */
  exhausted: number;
  /** Of the exhausted: the client never left; upstreams and processes broke every one of its answers. */
  exhaustedByOthers: number;
  /** Of the paid: nothing was recorded before the challenge expired. */
  lapsed: number;
  /** Of the lapsed: presented in time, when the ledger or its process failed. */
  lapsedPresented: number;
  /** Of the paid: a credit that nobody redeemed in time. */
  expired: number;
  /** Of the paid: the seller paid it back. */
  refunded: number;
  /** Of the paid: another challenge of the same buyer, with the same payment, was served instead. */
  elsewhere: number;
}

/** What a plan led to. */
export interface Outcome {
  /** Empty, or the first broken promises. */
  readonly violations: readonly Violation[];
  /** The step that broke them, from 1; 0 when it was in the end, after the faults had stopped. */
  readonly step: number;
  readonly trace: readonly string[];
  readonly tally: Tally;
}

/** No purchases at all. */
export function emptyTally(): Tally {
  const run = { steps: 0, operations: 0, crashes: 0, faults: 0 };
  return {
    ...run,
    paid: 0,
    served: 0,
    redeemed: 0,
    held: 0,
    lost: 0,
    heldUnasked: 0,
    heldForNothing: 0,
    exhausted: 0,
    exhaustedByOthers: 0,
    lapsed: 0,
    lapsedPresented: 0,
    expired: 0,
    refunded: 0,
    elsewhere: 0,
  };
}

/** Adds one tally to another. */
export function addTally(sum: Tally, more: Tally): void {
  // Object.keys loses the key type; all members of a tally are counts.
  for (const key of Object.keys(more) as (keyof Tally)[]) sum[key] += more[key];
}

/** How often a buyer comes back once everything is well. The bound of redeliveries is below it. */
const returnsMax = 6;

/** Runs a plan, and then lets the faults stop and every buyer who has paid and got nothing come back. */
export async function runPlan(plan: Plan, parts?: Parts): Promise<Outcome> {
  const world = new World(plan, parts);
  const { violations } = world.facts;
  const tally = emptyTally();
  let step = 0;
  try {
    for (const each of plan.steps) {
      step++;
      await world.step(each);
      if (violations.length > 0) break;
    }
    tally.operations = world.gateways.operations;
    if (violations.length === 0) {
      step = 0;
      world.calm();
      await world.step({ do: 'finish' });
      // What died has been dead for long enough to be taken over.
      await world.step({ do: 'wait', ms: leaseMs });
      for (const purchase of world.facts.purchases.values()) {
        if (purchase.preimage !== '' && violations.length === 0) await comeBack(world, purchase, tally);
      }
      for (let place = 0; place < plan.gateways; place++) checkMarks(world.facts, world.gateways.at(place));
    }
  } finally {
    world.end();
  }
  tally.steps = plan.steps.length;
  tally.crashes = world.gateways.started - plan.gateways;
  tally.faults = world.gateways.faultsHit;
  return { violations, step, trace: world.trace, tally };
}

/** Liveness: paid means delivered, or one of the ends that are documented. */
async function comeBack(world: World, purchase: Purchase, tally: Tally): Promise<void> {
  const { facts } = world;
  tally.paid++;
  if (purchase.served > 0) {
    tally.served++;
    return;
  }
  for (let returns = 0; returns < returnsMax && purchase.served === 0; returns++) {
    await world.step({ do: 'present', purchase: purchase.number, way: 'short echo', upstream: 'serves' });
    await world.step({ do: 'finish' });
    if (facts.violations.length > 0) return;
  }
  const end = endOf(world, purchase);
  if (end === undefined) {
    const state = facts.store.ofChallenge(purchase.challenge?.id ?? '')?.state ?? 'absent';
    const detail = `purchase ${purchase.number} is paid, and there is nothing to be had for it; its claim is ${state}`;
    facts.violations.push({ promise: 'liveness', detail });
    return;
  }
  tally[end]++;
  const id = purchase.challenge?.id ?? '';
  if (end === 'held' && !facts.upstreamAsked.has(id)) {
    tally.heldUnasked++;
    if (!facts.crashed.has(id)) tally.heldForNothing++;
  }
  if (end === 'exhausted' && !facts.clientsLeft.has(purchase)) tally.exhaustedByOthers++;
  if (end === 'lapsed' && presentedInTime(world, purchase)) tally.lapsedPresented++;
}

type End = 'redeemed' | 'held' | 'lost' | 'exhausted' | 'lapsed' | 'expired' | 'refunded' | 'elsewhere';

/** Which of the documented ends a purchase came to; undefined when none of them excuses it. */
function endOf({ facts }: World, purchase: Purchase): End | undefined {
  if (purchase.served > 0) return 'redeemed';
  const id = purchase.challenge?.id ?? '';
  const row = facts.store.ofChallenge(id);
  if (row === undefined) {
    if (facts.store.ofReference(purchase.reference) !== undefined) return 'elsewhere';
    return expiresMsOf(purchase) <= facts.clock.nowMs ? 'lapsed' : undefined;
  }
  // Of both, everything that made them so was looked at when it happened.
  if (row.state === 'expired' || row.state === 'refunded') return row.state;
  if (!facts.doubtful.has(id)) return undefined;
  if (row.state === 'claimed' || row.state === 'unknown') {
    // An upstream that was never asked, by a process that never died, is no excuse for holding a payment.
    const excused = facts.upstreamAsked.has(id) || facts.crashed.has(id);
    return purchase.route === 'once' && excused ? 'held' : undefined;
  }
  if (!isDelivered(row.state)) return undefined;
  if (isOnce(purchase.route) && row.answer === undefined) return 'lost';
  return isSpent(row, facts.redeliveriesMax) ? 'exhausted' : undefined;
}

function expiresMsOf({ challenge }: Purchase): number {
  return Date.parse(challenge?.expires ?? '');
}

function presentedInTime({ facts }: World, purchase: Purchase): boolean {
  return facts.presentations.some(
    (use) => use.purchase === purchase && use.genuine && use.beganMs < expiresMsOf(purchase),
  );
}
