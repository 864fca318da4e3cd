import type { Claim } from '../ledger.js';
import type { Verb } from '../transitions.js';
import type { Kind } from './kind.js';
import { type Outcome, RedeliveryNumber } from './messages.js';
import type { Enter } from './operations.js';
import { DamagedRow, type Row } from './rows.js';

/** The claim stands in the way. */
export function takenOutcome(by: 'challenge' | 'reference', claim: Claim): Outcome {
  return { kind: 'taken', by, claim };
}

/** What a verb answers that was done, or that found its work done already. */
export function doneOutcome(verb: Verb, seq: number): Outcome {
  switch (verb) {
    case 'claim':
    case 'reclaim':
    case 'deliver':
    case 'release':
      return seq;
    case 'redeliver':
      return RedeliveryNumber.allowed;
    default:
      return 0;
  }
}

/** What a verb answers that must never have been used there. `row` is undefined where there is no claim. */
export function conflictOutcome(verb: Verb, seq: number, row: Pick<Row, 'state'> | undefined): Outcome {
  const stands = row === undefined ? 'does not exist' : `is ${row.state} and not to be moved by it`;
  return { kind: 'conflict', detail: `the verb "${verb}" does not apply to claim ${seq}, which ${stands}` };
}

/**
 * One challenge, one payment: false for a second payment for it, or another amount, which are never let in by the first
 * one's state.
 */
export function isSamePayment(row: Row, operation: Enter, kind: Kind): boolean {
  return (
    row.reference === operation.reference &&
    row.paid === operation.paid &&
    row.kind.method === kind.method &&
    row.kind.currency === kind.currency
  );
}

/**
 * Damage of one row is that operation's outcome, or whoever owns a damaged claim could fail everybody's batch. Rows must
 * be read and asserted before the operation writes anything, so that nothing is left half done.
 */
export function contained(operation: () => Outcome): Outcome {
  try {
    return operation();
  } catch (error) {
    if (error instanceof DamagedRow) return { kind: 'damaged', detail: error.message };
    throw error;
  }
}
