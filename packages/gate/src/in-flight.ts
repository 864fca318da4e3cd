import type { Ledger } from '@farebox/ledger';

/** How many answered challenge ids are remembered, so that a replay of them costs no look-up. */
export const answeredIdsMax = 100_000;

/** What this process is doing, and has just done, with each challenge id. */
export interface InFlight {
  /** False when the id is at work already. */
  enter(challengeId: string): boolean;
  leave(challengeId: string): void;
  answered(challengeId: string): void;
  /** True when this process saw the answer leave. False says nothing: the ledger knows. */
  wasAnswered(challengeId: string): boolean;
  readonly size: number;
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
  const working = new Set<string>();
  const done = new Set<string>();
  return {
    enter(challengeId) {
      if (working.has(challengeId)) return false;
      working.add(challengeId);
      return true;
    },
    leave: (challengeId) => void working.delete(challengeId),
    answered(challengeId) {
      if (done.size >= answeredIdsMax) {
        const oldest = done.values().next();
        if (oldest.done !== true) done.delete(oldest.value);
      }
      done.add(challengeId);
    },
    wasAnswered: (challengeId) => done.has(challengeId),
    get size() {
      return working.size;
    },
  };
}
