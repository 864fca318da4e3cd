import { type Ledger, LedgerMisuse } from '@farebox/ledger';
import { IdSet, RecentIds } from './id-tables.js';
import { createLedgerHealth, type LedgerHealth } from './ledger-health.js';
import { createOwed, type Owed } from './owed.js';

/** What this process is doing, and has just done, with each challenge id. */
export interface InFlight {
  /** False when the id is at work already. */
  enter(challengeId: string): boolean;
  leave(challengeId: string): void;
  /** An answer left, was cut, or a payment was released here: the ledger has something to say about this id. */
  note(challengeId: string): void;
  /** True when this process has noted the id, or owes the ledger a mark for it. False says nothing: the ledger knows. */
  isKnown(challengeId: string): boolean;
  readonly owed: Owed;
  readonly health: LedgerHealth;
}

const perLedger = new WeakMap<Ledger, InFlight>();

/** The knowledge that all gates of this process share about one ledger. */
export function inFlightOf(ledger: Ledger): InFlight {
  const known = perLedger.get(ledger) ?? createInFlight(ledger);
  perLedger.set(ledger, known);
  return known;
}

/**
 * One process's own knowledge. It spares look-ups and keeps two uses of one credential apart while the upstream
 * works; the ledger decides, this only anticipates it.
 */
function createInFlight(ledger: Ledger): InFlight {
  const working = new IdSet();
  const noted = new RecentIds();
  const owed = createOwed((error) => error instanceof LedgerMisuse);
  return {
    owed,
    health: createLedgerHealth(ledger),
    enter: (challengeId) => working.add(challengeId),
    leave: (challengeId) => working.delete(challengeId),
    note: (challengeId) => noted.add(challengeId),
    isKnown: (challengeId) => noted.has(challengeId) || owed.has(challengeId),
  };
}
