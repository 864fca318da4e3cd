import { LedgerMisuse, type StoredAnswer } from '@farebox/ledger';
import type { GateContext } from './context.js';

/**
 * Owes the ledger that the `once` upstream has acted: that must be on record before anything else, with the answer where it
 * is kept. Nobody has had it yet, so it is cut as well.
 */
export function oweSettlement(
  gate: GateContext,
  challengeId: string,
  seq: number,
  kept: StoredAnswer | undefined,
): void {
  gate.inFlight.owed.owe(challengeId, async () => {
    await gate.ledger.settle(seq, gate.now(), kept).catch((error: unknown) => {
      if (!(error instanceof LedgerMisuse)) throw error;
      // A conflict: it was recorded behind our back. Otherwise the ledger will not keep this answer, now or later.
      return error.code === 'ledger_conflict' ? undefined : gate.ledger.settle(seq, gate.now());
    });
    await gate.ledger.cut(seq, gate.now());
  });
}
