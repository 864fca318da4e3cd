import type { GateEvent } from '@farebox/gate';
import type { Offer } from '@farebox/protocol';
import type { AccessEvent } from '../keys/problems.js';
import { createStages, type Stages } from './stages.js';

/** What was counted of one route. Plain numbers: they are read when somebody asks, and until then cost an addition. */
export interface RouteCounts {
  challenges: number;
  /** Challenges that were not issued because too many are unpaid. */
  limited: number;
  /** First deliveries of a payment. */
  deliveries: number;
  /** Answers that were given once more to the same payment. */
  redeliveries: number;
  /** Payments that became credits. */
  credits: number;
  /** `once` requests whose outcome is not known. */
  unknown: number;
  /** A payment method or the ledger did not answer. */
  unavailable: number;
  readonly refusals: Map<string, number>;
  /** Base units by currency. */
  readonly revenue: Map<string, bigint>;
  /** Requests served by a key, by its plan. */
  readonly keyed: Map<string, number>;
  /** Keys that were not let in, by reason. */
  readonly keyRefusals: Map<string, number>;
  /** Requests within a free quota. */
  free: number;
  /** Requests that shadow mode let pass and that would have been charged. */
  shadowed: number;
  /** What that would have brought, base units by currency: each of the ways to pay, not their sum. */
  readonly shadowRevenue: Map<string, bigint>;
}

/** What a payment method said of the proofs that it was shown. */
export interface ProofCounts {
  accepted: number;
  refused: number;
  /** It could not tell. */
  unavailable: number;
}

/** Counts what a gateway does. */
export interface Meter {
  /** By payment method. */
  readonly proofs: ReadonlyMap<string, ProofCounts>;
  /** Those of a method, to be counted up. */
  proofsOf(method: string): ProofCounts;
  /** One event of the gate. */
  count(event: GateEvent): void;
  /** One request that came with a key, or within a free quota. */
  countAccess(event: AccessEvent): void;
  /** One request that shadow mode let pass. */
  wouldCharge(route: string, offers: readonly Offer[]): void;
  /** By route name. Routes that are gone stay, as counters must not fall. */
  readonly routes: ReadonlyMap<string, RouteCounts>;
  /** Undefined: nobody reads latencies, and they are not measured. */
  readonly stages: Stages | undefined;
}

/**
 * Most routes that are counted by name over the life of a gateway; later ones are counted together. Route names come from
 * the configuration alone, so only many reloads get there.
 */
export const countedRoutesMax = 20_000;
/** The name under which the others are counted. */
const otherRoutes = '(other routes)';

/** Makes a meter. @param timed whether latencies are measured */
export function createMeter(timed: boolean): Meter {
  const routes = new Map<string, RouteCounts>();
  const countsOf = (name: string): RouteCounts => {
    const known = routes.get(name);
    if (known !== undefined) return known;
    if (routes.size >= countedRoutesMax && name !== otherRoutes) return countsOf(otherRoutes);
    const made = noCounts();
    routes.set(name, made);
    return made;
  };
  const proofs = new Map<string, ProofCounts>();
  return {
    routes,
    proofs,
    proofsOf(method) {
      const counts = proofs.get(method) ?? { accepted: 0, refused: 0, unavailable: 0 };
      proofs.set(method, counts);
      return counts;
    },
    stages: timed ? createStages() : undefined,
    count(event) {
      const counts = countsOf(event.route);
      switch (event.kind) {
        case 'challenged':
          counts.challenges += 1;
          return;
        case 'limited':
          counts.limited += 1;
          return;
        case 'refused':
          counts.refusals.set(event.reason, (counts.refusals.get(event.reason) ?? 0) + 1);
          return;
        case 'delivered':
          if (event.again) {
            counts.redeliveries += 1;
            return;
          }
          counts.deliveries += 1;
          add(counts.revenue, event.paid.currency, event.paid.amount);
          return;
        case 'released':
          counts.credits += 1;
          return;
        case 'unknown':
          counts.unknown += 1;
          return;
        case 'method-unavailable':
        case 'ledger-unavailable':
          counts.unavailable += 1;
      }
    },
    countAccess(event) {
      const counts = countsOf(event.route);
      switch (event.kind) {
        case 'key-served':
          counts.keyed.set(event.plan, (counts.keyed.get(event.plan) ?? 0) + 1);
          return;
        case 'key-refused':
          counts.keyRefusals.set(event.reason, (counts.keyRefusals.get(event.reason) ?? 0) + 1);
          return;
        case 'free-served':
          counts.free += 1;
      }
    },
    wouldCharge(route, offers) {
      const counts = countsOf(route);
      counts.shadowed += 1;
      for (const { price } of offers) add(counts.shadowRevenue, price.currency, price.amount);
    },
  };
}

function noCounts(): RouteCounts {
  return {
    challenges: 0,
    limited: 0,
    deliveries: 0,
    redeliveries: 0,
    credits: 0,
    unknown: 0,
    unavailable: 0,
    refusals: new Map(),
    revenue: new Map(),
    keyed: new Map(),
    keyRefusals: new Map(),
    free: 0,
    shadowed: 0,
    shadowRevenue: new Map(),
  };
}

function add(sums: Map<string, bigint>, currency: string, amount: bigint): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amount);
}
