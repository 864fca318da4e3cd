import type { WalletOutcome } from './errors.js';
import type { JournalFilter, Retention } from './journal.js';
import type { SqlValue } from './journal-row.js';
import { type JournalState, journalStates, outcomeIn, stateTable } from './states.js';

/** A condition of SQL with the values of its marks. */
export interface Query {
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/** Where a page ends, so that the next one can begin after it. */
export interface PageEnd {
  readonly createdMs: number;
  readonly id: string;
}

/** The marks of a list. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** The condition of a filter, and of what follows after the page before. */
export function filterQuery(filter: JournalFilter, after?: PageEnd): Query {
  const { sinceMs, untilMs, host, method, states, outcomes } = filter;
  const parts: (readonly [string, ...SqlValue[]])[] = [['1']];
  if (sinceMs !== undefined) parts.push(['created_ms >= ?', sinceMs]);
  if (untilMs !== undefined) parts.push(['created_ms < ?', untilMs]);
  if (host !== undefined) parts.push(['host = ?', host.toLowerCase()]);
  if (method !== undefined) parts.push(['method = ?', method]);
  if (states !== undefined || outcomes !== undefined) parts.push(standingPart(states ?? [], outcomes ?? []));
  if (after !== undefined)
    parts.push([
      '(created_ms < ? OR (created_ms = ? AND id > ?))',
      after.createdMs,
      after.createdMs,
      after.id,
    ]);
  return all(parts);
}

/** The rows in one of these states, or standing in one of these ways, as {@link outcomeIn} says it of each. */
function standingPart(
  states: readonly JournalState[],
  outcomes: readonly WalletOutcome[],
): readonly [string, ...SqlValue[]] {
  const terms: string[] = [`state IN (${marks(states)})`];
  const values: SqlValue[] = [...states];
  for (const state of journalStates) {
    for (const open of [0, 1]) {
      for (const byHand of [0, 1]) {
        const settlement = open === 1 ? ({ settlement: 'open' } as const) : {};
        const request = byHand === 1 ? {} : { request: true };
        if (!outcomes.includes(outcomeIn({ state, ...settlement, ...request }))) continue;
        terms.push("(state = ? AND (settlement IS 'open') = ? AND (url IS NULL) = ?)");
        values.push(state, open, byHand);
      }
    }
  }
  return [`(${terms.join(' OR ')})`, ...values];
}

/** Conditions that must all hold. */
export function all(parts: readonly (readonly [string, ...SqlValue[]])[]): Query {
  return {
    where: parts.map(([sql]) => sql).join(' AND '),
    values: parts.flatMap(([, ...values]) => values),
  };
}

const finished = journalStates.filter((state) => !stateTable[state].unfinished);
const held = journalStates.filter((state) => stateTable[state].payload === 'held');

/**
 * What may be dropped. Never what is `planned` or may still be paid, nor what was signed and may be carried out: only
 * `resume` ends those.
 */
export function pruneQuery({ finishedMs, creditMs }: Retention, nowMs: number): Query {
  return {
    where: `(state IN (${marks(finished)}) AND updated_ms < ? AND expires_ms < ?)
      OR (state IN (${marks(held)}) AND settlement IS NOT 'open' AND expires_ms < ? AND updated_ms < ?)`,
    values: [
      ...finished,
      nowMs - finishedMs,
      nowMs - finishedMs,
      ...held,
      nowMs - creditMs,
      nowMs - creditMs,
    ],
  };
}
