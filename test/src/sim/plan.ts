import { honestWays, tricks, type Way } from './credentials.js';
import { Random } from './random.js';
import { type RouteName, routeNames } from './shop.js';
import { type FaultKind, faultKinds } from './store-faults.js';
import { creditWindowMs, retentionMs } from './upkeep.js';
import { type BehaviourName, behaviours } from './upstream.js';

/**
 * One step of a world. Steps name purchases by number and choose among what is pending by remainder, so that a plan
 * stays a plan when steps are taken out of it.
 */
export type Step =
  /** A buyer asks without a credential. `repeats`: the node gives out its last invoice once more. */
  | {
      readonly do: 'ask';
      readonly purchase: number;
      readonly route: RouteName;
      readonly repeats?: boolean;
      /** The buyer sends an `Idempotency-Key`. */
      readonly keyed?: boolean;
    }
  | { readonly do: 'pay'; readonly purchase: number }
  /** A client presents; `cuts`: it leaves on purpose as soon as a 2xx begins. */
  | {
      readonly do: 'present';
      readonly purchase: number;
      readonly way: Way;
      readonly upstream: BehaviourName;
      readonly cuts?: boolean;
    }
  /** One of the things that could happen next happens. */
  | { readonly do: 'next'; readonly choice: number }
  /** One of the open connections is lost. */
  | { readonly do: 'cut'; readonly choice: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'crash'; readonly gateway: number }
  /** A gateway shuts down as far as its exchanges go: they are stopped. A crash may follow, or not. */
  | { readonly do: 'stop'; readonly gateway: number }
  | { readonly do: 'node'; readonly up: boolean }
  /** After a wait, a gateway sweeps its ledger. */
  | { readonly do: 'sweep'; readonly gateway: number; readonly afterMs: number }
  /** A person pays a buyer back, or says what the upstream of a `once` route did. */
  | { readonly do: 'refund' | 'resolve'; readonly purchase: number }
  /** Everything that is pending happens, in its order. */
  | { readonly do: 'finish' };

/** What goes wrong at the k-th operation of the ledger. */
export interface Fault {
  readonly operation: number;
  readonly kind: FaultKind;
}

/** Everything that happens to a world. Run twice, it happens twice in the same way. */
export interface Plan {
  readonly seed: number;
  /** Gateways over one store, each with its own process, gate and ledger handle. */
  readonly gateways: number;
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
}

/** What falls to a sweep after so long: mostly nothing, else credits, else what was cut off too. */
const sweepWaitsMs = [0, 0, 0, creditWindowMs + 1, retentionMs + 1] as const;

// Object.keys loses the key type; the table's own keys are the names.
const behaviourNames = Object.keys(behaviours) as BehaviourName[];

/** The plan of a seed: every other world has two gateways. */
export function planOf(seed: number, gateways = 1 + (seed % 2)): Plan {
  const random = new Random(seed);
  const steps: Step[] = [];
  const purchases: number[] = [];
  const length = 30 + random.below(70);
  // Some worlds are calm, so that what they test goes deep; some are not.
  const calm = random.percent(40);
  while (steps.length < length) {
    if (purchases.length === 0 || random.percent(8)) {
      buy(random, steps, purchases);
      continue;
    }
    steps.push(anyStep(random, purchases, calm, gateways));
  }
  const faults: Fault[] = [];
  for (let left = calm ? random.below(2) : random.below(5); left > 0; left--) {
    faults.push({ operation: 1 + random.below(25), kind: random.pick(faultKinds) });
  }
  return { seed, gateways, steps, faults };
}

function buy(random: Random, steps: Step[], purchases: number[]): void {
  const purchase = purchases.length + 1;
  const repeats = purchases.length > 0 && random.percent(15);
  const route = random.pick(routeNames);
  const keyed = random.percent(40);
  steps.push({ do: 'ask', purchase, route, ...(repeats ? { repeats } : {}), ...(keyed ? { keyed } : {}) });
  if (random.percent(90)) steps.push({ do: 'pay', purchase });
  purchases.push(purchase);
  if (random.percent(10)) cutEveryAnswer(random, steps, purchase);
}

/** A greedy client: it takes what it can of each answer, and leaves before the end. */
function cutEveryAnswer(random: Random, steps: Step[], purchase: number): void {
  for (let left = 2 + random.below(5); left > 0; left--) {
    const upstream = random.percent(70) ? 'serves long' : 'serves';
    steps.push({ do: 'present', purchase, way: 'whole echo', upstream, cuts: true }, { do: 'finish' });
  }
}

function anyStep(random: Random, purchases: readonly number[], calm: boolean, gateways: number): Step {
  const purchase = purchases[random.below(purchases.length)] ?? 1;
  const roll = random.below(100);
  if (roll < 24) {
    const honest = random.percent(80);
    const way: Way = honest ? random.pick(honestWays) : random.pick(tricks);
    const fails = random.percent(calm ? 20 : 60);
    const upstream = fails ? (behaviourNames[random.below(behaviourNames.length)] ?? 'serves') : 'serves';
    const cuts = random.percent(calm ? 5 : 15);
    return { do: 'present', purchase, way, upstream, ...(cuts ? { cuts } : {}) };
  }
  if (roll < 72) return { do: 'next', choice: random.percent(70) ? 0 : random.below(8) };
  if (roll < 75) return { do: 'sweep', gateway: random.below(gateways), afterMs: random.pick(sweepWaitsMs) };
  if (roll < 77) return { do: random.percent(75) ? 'resolve' : 'refund', purchase };
  if (roll < 84) return { do: 'finish' };
  if (roll < 88) return { do: 'cut', choice: random.below(4) };
  if (roll < 92)
    return { do: 'wait', ms: random.pick([500, 2_000, 13_000, random.percent(10) ? 301_000 : 7_000]) };
  if (roll < 95) return { do: 'pay', purchase };
  if (roll < 97) return { do: 'node', up: random.percent(60) };
  if (roll < 98) return { do: 'stop', gateway: random.below(gateways) };
  return calm ? { do: 'finish' } : { do: 'crash', gateway: random.below(gateways) };
}
