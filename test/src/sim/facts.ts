import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { Way } from './credentials.js';
import type { SimNode } from './node.js';
import type { Process } from './process.js';
import type { Purchase } from './shop.js';
import type { Store } from './store.js';

/**
 * Which promise was broken: an invariant of the design by its number, `liveness` (paid, and nothing to be had for it in
 * the end), or `house` (the gate misused its ledger, or rejected where it never may).
 */
export type Promised = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 'liveness' | 'house';

/** A broken promise. */
export interface Violation {
  readonly promise: Promised;
  readonly detail: string;
}

/** One use of a credential, from its first byte to the end of its connection. */
export interface Presentation {
  readonly number: number;
  readonly purchase: Purchase;
  readonly way: Way | 'no credential';
  readonly genuine: boolean;
  readonly token: string;
  readonly process: Process;
  readonly connection: Connection;
  /** When it began. */
  readonly beganMs: number;
  /** The process's count of ledger troubles when it began. */
  readonly troublesBefore: number;
  admitted: boolean;
  /** Stops the exchange, as a gateway that shuts down does. */
  stop: () => void;
  open: boolean;
  /** No other presentation of this challenge was open meanwhile. */
  alone: boolean;
  /** Writes that the ledger granted for this challenge meanwhile. */
  grants: number;
  /** A person moved the claim meanwhile: what was read of it before is told in good faith. */
  movedByHand: boolean;
}

/** All that the world knows for certain, whatever gate and ledger say. */
export interface Facts {
  readonly clock: Clock;
  readonly store: Store;
  readonly node: SimNode;
  readonly redeliveriesMax: number;
  readonly purchases: Map<number, Purchase>;
  readonly presentations: Presentation[];
  /** Challenge ids for which the upstream was asked. */
  readonly upstreamAsked: Set<string>;
  /** Side effects by challenge id. */
  readonly executions: Map<string, number>;
  /** 2xx answers that began to leave, by challenge id. */
  readonly answersBegun: Map<string, number>;
  /** What the ledger has said yes to, by challenge id: it may never be forgotten. */
  readonly promised: Map<string, 'held' | 'delivered'>;
  /**
   * Challenges of which the outcome may rightly be unknown: a failure, a crash or a lost connection fell between asking
   * and answering.
   */
  readonly doubtful: Set<string>;
  /** Challenges that a process had been presented when it died. */
  readonly crashed: Set<string>;
  /** Purchases whose client has left before its answer was whole. */
  readonly clientsLeft: Set<Purchase>;
  readonly violations: Violation[];
}

/** The purchase of a challenge. */
export function purchaseOf({ purchases }: Facts, challengeId: string): Purchase | undefined {
  for (const purchase of purchases.values()) if (purchase.challenge?.id === challengeId) return purchase;
  return undefined;
}

/** Writes a broken promise down, unless the condition holds. */
export function expectThat(facts: Facts, holds: boolean, promise: Promised, detail: string): void {
  if (!holds) facts.violations.push({ promise, detail });
}
