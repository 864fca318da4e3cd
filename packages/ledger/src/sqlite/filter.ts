import type { BooksFilter } from '../books.js';
import { stateNumber } from '../transitions.js';

/** A part of a WHERE clause, and what its question marks stand for. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * The condition of a filter, on the tables `claim` and `kind`; without `afterSeq`, where a page begins.
 *
 * @param time the column that the filter's times are about
 */
export function conditionOf(filter: BooksFilter, time: 'claim.created' | 'entry.at'): Condition {
  const { fromMs, untilMs, route, method, states } = filter;
  const parts: string[] = ['1'];
  const values: (string | number)[] = [];
  const add = (sql: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add(`${time} >= ?`, fromMs);
  add(`${time} < ?`, untilMs);
  add('kind.route = ?', route);
  add('kind.method = ?', method);
  if (states !== undefined) parts.push(`claim.state IN (${states.map(stateNumber).join(', ')})`);
  return { sql: parts.join(' AND '), values };
}
