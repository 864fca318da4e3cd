import { LedgerMisuse } from '../errors.js';
import type { SweepTerms } from '../ledger.js';
import { isTime } from '../request-bounds.js';

/** Most rows that one step of housekeeping may touch. */
export const sweepRowsMax = 10_000;

/** The refusal of a field that is out of its bounds. */
export function invalid(reason: string): LedgerMisuse {
  return new LedgerMisuse('ledger_request_invalid', `The ledger refused: ${reason}.`);
}

/** Says what is wrong with the number of a claim, or nothing. */
export function seqOutOfBounds(seq: number): string | undefined {
  return Number.isSafeInteger(seq) && seq >= 1 ? undefined : 'seq is not a whole number from 1';
}

/** Says what is wrong with the number of a claim or with a time, or nothing. */
export function stepOutOfBounds(seq: number, nowMs: number): string | undefined {
  return seqOutOfBounds(seq) ?? timeOutOfBounds(nowMs);
}

/** Says what is wrong with a time, or nothing. */
export function timeOutOfBounds(nowMs: number): string | undefined {
  return isTime(nowMs) ? undefined : 'nowMs is not whole milliseconds since the epoch';
}

/** Says what is wrong with the terms of a sweep, or nothing. */
export function termsOutOfBounds(terms: SweepTerms): string | undefined {
  const { nowMs, redemptionWindowMs, replayWindowMs, retentionMs, rowsMax } = terms;
  if (![nowMs, redemptionWindowMs, replayWindowMs, retentionMs].every(isTime))
    return 'a time or window of the sweep is not whole milliseconds';
  if (!Number.isInteger(rowsMax) || rowsMax < 1 || rowsMax > sweepRowsMax)
    return `rowsMax is not a whole number from 1 to ${sweepRowsMax}`;
  return undefined;
}
