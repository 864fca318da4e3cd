import type { Fault, Plan, Step } from './plan.js';
import { addTally, emptyTally, type Outcome, runPlan, type Tally } from './run.js';
import { type RouteName, routeNames } from './shop.js';
import { type FaultKind, faultKinds } from './store-faults.js';
import { creditWindowMs, retentionMs } from './upkeep.js';
import type { BehaviourName } from './upstream.js';

/** One way in which a purchase may go. */
export interface Flow {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** More than any one presentation has happenings, so that all of them are over after so many steps. */
const happeningsMax = 14;
const on: readonly Step[] = Array.from({ length: happeningsMax }, () => ({ do: 'next', choice: 0 }));

const use = (upstream: BehaviourName = 'serves', cuts = false, purchase = 1): Step => ({
  do: 'present',
  purchase,
  way: 'short echo',
  upstream,
  ...(cuts ? { cuts } : {}),
});

const sweep = (afterMs: number): Step => ({ do: 'sweep', gateway: 0, afterMs });
const byHand = (what: 'refund' | 'resolve'): Step => ({ do: what, purchase: 1 });

/** Every flow of one route, with or without an `Idempotency-Key`. In each step between its first and its last a crash may fall. */
function flowsOf(route: RouteName, keyed: boolean): Flow[] {
  const bought: Step[] = [
    { do: 'ask', purchase: 1, route, keyed },
    { do: 'pay', purchase: 1 },
  ];
  const flow = (name: string, ...steps: (Step | readonly Step[])[]): Flow => ({
    name: `${route}${keyed ? ', keyed' : ''}: ${name}`,
    steps: [...bought, ...steps.flat()],
  });
  const thenServed = (upstream: BehaviourName) =>
    flow(`${upstream}, then serves`, use(upstream), on, use(), on);
  const twin: Step[] = [
    { do: 'ask', purchase: 2, route, repeats: true },
    { do: 'pay', purchase: 2 },
  ];
  const halt: Step = { do: 'stop', gateway: 0 };
  const leaves: Step = { do: 'cut', choice: 0 };
  return [
    flow('serves', use(), on),
    flow('serves long', use('serves long'), on),
    flow('replay', use(), on, use(), on),
    flow('both at once', use(), use(), on, on),
    flow('client leaves at once', use(), leaves, on, use(), on),
    flow('client leaves while the upstream works', use(), on.slice(0, 3), leaves, on, use(), on),
    flow('gateway shuts down at once', use(), halt, on, use(), on),
    flow('gateway shuts down while the upstream works', use(), on.slice(0, 4), halt, on, use(), on),
    flow('client leaves in the answer', use('serves', true), on, use(), on),
    flow(
      'client leaves every answer',
      ...[1, 2, 3, 4, 5, 6].flatMap(() => [use('serves long', true), ...on]),
    ),
    flow('one payment for two challenges', twin, use(), on, use('serves', false, 2), on),
    flow('every answer breaks', ...[1, 2, 3, 4, 5].flatMap(() => [use('breaks in a long answer'), ...on])),
    flow('unreachable, expired', use('unreachable'), on, sweep(creditWindowMs + 1), on, use(), on),
    flow('unreachable, in time', use('unreachable'), on, sweep(creditWindowMs), on, use(), on),
    flow('swept while the upstream works', use(), on.slice(0, 4), sweep(0), on, use(), on),
    flow('cut, and its time is over', use('serves', true), on, sweep(retentionMs + 1), on, use(), on),
    flow('resolved', use('times out after acting'), on, byHand('resolve'), use(), on),
    flow(
      'resolved at any time',
      use('drops before acting'),
      on.slice(0, 5),
      byHand('resolve'),
      on,
      use(),
      on,
    ),
    flow('paid back', use('unreachable'), on, byHand('refund'), use(), on),
    flow('paid back while the upstream works', use(), on.slice(0, 4), byHand('refund'), on, use(), on),
    thenServed('unreachable'),
    thenServed('times out after acting'),
    thenServed('drops before acting'),
    thenServed('breaks in the answer'),
    thenServed('breaks in a long answer'),
    thenServed('says 404'),
    thenServed('says 500'),
    thenServed('says 502 after acting'),
    thenServed('says 503'),
  ];
}

/** Every flow of every route. */
export const keylessFlows: readonly Flow[] = routeNames.flatMap((route) => flowsOf(route, false));

/** The same, and with an `Idempotency-Key`. */
export const flows: readonly Flow[] = [
  ...keylessFlows,
  ...routeNames.flatMap((route) => flowsOf(route, true)),
];

/** What the every-crash mode found. */
export interface EveryCrash {
  readonly runs: number;
  readonly tally: Tally;
  readonly failure: { readonly flow: string; readonly plan: Plan; readonly outcome: Outcome } | undefined;
}

/**
 * Every flow, with every fault at every operation of the ledger, and with a crash between any two of its steps.
 *
 * @param gateways over one store; with two, what comes second comes to the other
 * @param pairs with every pair of crashes at two operations as well
 * @param chosen the flows; all of them otherwise
 */
export async function crashEverywhere(
  gateways: number,
  pairs: boolean,
  chosen: readonly Flow[] = flows,
  onFlow?: (flow: string) => void,
): Promise<EveryCrash> {
  const tally = emptyTally();
  let runs = 0;
  for (const { name, steps } of chosen) {
    onFlow?.(name);
    const calm: Plan = { seed: 1, gateways, steps, faults: [] };
    const first = await runPlan(calm);
    const { operations } = first.tally;
    for (const plan of [calm, ...withFaults(calm, operations, pairs), ...withCrashes(calm)]) {
      const outcome = await runPlan(plan);
      runs++;
      addTally(tally, outcome.tally);
      if (outcome.violations.length > 0) return { runs, tally, failure: { flow: name, plan, outcome } };
    }
  }
  return { runs, tally, failure: undefined };
}

const crashes: readonly FaultKind[] = ['crash-asked', 'crash-unsynced', 'crash-synced', 'ack-lost'];

function* withFaults(plan: Plan, operations: number, pairs: boolean): Generator<Plan> {
  for (let operation = 1; operation <= operations; operation++) {
    for (const kind of faultKinds) yield { ...plan, faults: [{ operation, kind }] };
    if (!pairs) continue;
    // What is asked again after the first crash may crash again: a few operations more than the calm flow has.
    for (let second = operation + 1; second <= operations + 3; second++) {
      for (const one of crashes) {
        for (const other of crashes) {
          const faults: Fault[] = [
            { operation, kind: one },
            { operation: second, kind: other },
          ];
          yield { ...plan, faults };
        }
      }
    }
  }
}

function* withCrashes(plan: Plan): Generator<Plan> {
  for (let at = 3; at <= plan.steps.length; at++) {
    for (let gateway = 0; gateway < plan.gateways; gateway++)
      yield { ...plan, steps: plan.steps.toSpliced(at, 0, { do: 'crash', gateway }) };
  }
}
