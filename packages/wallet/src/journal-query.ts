import type { JournalFilter, Retention } from './journal.js';
import type { SqlValue } from './journal-row.js';
import { journalStates, stateTable } from './states.js';

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
  const { sinceMs, untilMs, host, method, states } = filter;
  const parts: (readonly [string, ...SqlValue[]])[] = [['1']];
  if (sinceMs !== undefined) parts.push(['created_ms >= ?', sinceMs]);
  if (untilMs !== undefined) parts.push(['created_ms < ?', untilMs]);
  if (host !== undefined) parts.push(['host = ?', host.toLowerCase()]);
  if (method !== undefined) parts.push(['method = ?', method]);
  if (states !== undefined) parts.push([`state IN (${marks(states)})`, ...states]);
  if (after !== undefined)
    parts.push([
      '(created_ms < ? OR (created_ms = ? AND id > ?))',
      after.createdMs,
      after.createdMs,
      after.id,
    ]);
  return all(parts);
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
