import type { Ledger } from '@farebox/ledger';
import { IdSet, RecentIds } from './id-tables.js';

/** What this process is doing, and has just done, with each challenge id. */
export interface InFlight {
  /** False when the id is at work already. */
  enter(challengeId: string): boolean;
  leave(challengeId: string): void;
  answered(challengeId: string): void;
  /** True when this process saw the answer leave. False says nothing: the ledger knows. */
  wasAnswered(challengeId: string): boolean;
}

const perLedger = new WeakMap<Ledger, InFlight>();

/** The knowledge that all gates of this process share about one ledger. */
export function inFlightOf(ledger: Ledger): InFlight {
  const known = perLedger.get(ledger) ?? createInFlight();
  perLedger.set(ledger, known);
  return known;
}

/**
 * One process's own knowledge. It spares look-ups and keeps two uses of one credential apart while the upstream
 * works; the ledger decides, this only anticipates it.
 */
function createInFlight(): InFlight {
  const working = new IdSet();
  const done = new RecentIds();
  return {
    enter: (challengeId) => working.add(challengeId),
    leave: (challengeId) => working.delete(challengeId),
    answered: (challengeId) => done.add(challengeId),
    wasAnswered: (challengeId) => done.has(challengeId),
  };
}
