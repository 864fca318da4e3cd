import { type BooksFilter, MOVEMENTS } from '../books.js';
import { stateNumber } from '../transitions.js';
import { readColumns } from './statements.js';

/** A statement with its values. */
export interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The statements of a reader, for one schema. Pages go by key: `after` is the last one of the page before. */
export interface ReaderQueries {
  claims(filter: BooksFilter, after: number, rowsMax: number): Query;
  /** `seq, created, method, route, currency, paid, rate, state`, and the number of its first later movement, if it made any. */
  openings(filter: BooksFilter, after: number, rowsMax: number): Query;
  /** `id, claim, at, method, route, currency, paid, rate, number` */
  later(filter: BooksFilter, after: number, rowsMax: number): Query;
  /** The entries of one claim after its first, as `later`. */
  laterOf(seq: number): Query;
  claimBy(column: 'seq' | 'challenge' | 'reference', value: unknown): Query;
  /** `method, intent, route, currency, number, count, amount` */
  readonly movements: string;
  /** `method, currency, route, state, amount` of all claims. */
  readonly claimed: string;
  /** As `claimed`, of the claims that were removed. */
  readonly pruned: string;
  /** How many claims came into being, and were not removed. */
  readonly size: string;
}

// The numbers of the movements that a claim begins with.
const openings = MOVEMENTS.flatMap(({ debit }, at) => (debit === 'received' ? [at + 1] : []));

/** Writes the statements of a reader. The schema's name must have been checked. */
export function readerQueries(schema: string): ReaderQueries {
  const [claim, kind, entry] = [`"${schema}".claim`, `"${schema}".kind`, `"${schema}".entry`];
  const [movement, pruned] = [`"${schema}".movement`, `"${schema}".pruned`];
  const withKind = `LEFT JOIN ${kind} ON kind.id = claim.kind`;
  const names = 'kind.method, kind.route, kind.currency, claim.paid, claim.rate';
  const first = `(SELECT number FROM ${entry} WHERE entry.claim = claim.seq ORDER BY entry.id LIMIT 1)`;
  const laterColumns = `entry.id, entry.claim, entry.at, ${names}, entry.number`;
  return {
    claims: (filter, after, rowsMax) =>
      page(`SELECT ${readColumns(schema)} FROM ${claim} ${withKind}`, 'claim.seq', 'claim.created', filter, [
        after,
        rowsMax,
      ]),
    openings: (filter, after, rowsMax) =>
      page(
        `SELECT claim.seq, claim.created, ${names}, claim.state, ${first} FROM ${claim} ${withKind}`,
        'claim.seq',
        'claim.created',
        filter,
        [after, rowsMax],
      ),
    later: (filter, after, rowsMax) =>
      page(
        `SELECT ${laterColumns} FROM ${entry} JOIN ${claim} ON claim.seq = entry.claim ${withKind}`,
        'entry.id',
        'entry.at',
        filter,
        [after, rowsMax],
      ),
    laterOf: (seq) => ({
      text: `SELECT ${laterColumns} FROM ${entry} JOIN ${claim} ON claim.seq = entry.claim ${withKind}
        WHERE entry.claim = $1 ORDER BY entry.id`,
      values: [seq],
    }),
    claimBy: (column, value) => ({
      text: `SELECT ${readColumns(schema)} FROM ${claim} ${withKind} WHERE claim.${column} = $1`,
      values: [value],
    }),
    movements: `SELECT method, intent, route, currency, number, sum(count)::bigint, sum(amount)::text
      FROM ${movement} LEFT JOIN ${kind} ON kind.id = movement.kind
      GROUP BY method, intent, route, currency, number ORDER BY method, currency, route, intent, number`,
    claimed: `SELECT method, currency, route, state, sum(paid)::text FROM ${claim} ${withKind}
      GROUP BY method, currency, route, state`,
    pruned: `SELECT method, currency, route, state, sum(amount)::text FROM ${pruned}
      LEFT JOIN ${kind} ON kind.id = pruned.kind GROUP BY method, currency, route, state`,
    size: `SELECT coalesce((SELECT sum(count) FROM ${movement} WHERE number IN (${openings.join(', ')})), 0)::bigint
      - coalesce((SELECT sum(count) FROM ${pruned}), 0)::bigint`,
  };
}

function page(
  select: string,
  by: string,
  time: string,
  filter: BooksFilter,
  [after, rowsMax]: readonly [number, number],
): Query {
  const values: unknown[] = [after, rowsMax];
  const conditions = [`${by} > $1`];
  const given = (sql: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${sql} $${values.length}`);
  };
  given(`${time} >=`, filter.fromMs);
  given(`${time} <`, filter.untilMs);
  given('kind.route =', filter.route);
  given('kind.method =', filter.method);
  // Of claims it is where the first page begins.
  if (by === 'entry.id') given('entry.claim >', filter.afterSeq);
  if (filter.states !== undefined) {
    values.push(filter.states.map(stateNumber));
    conditions.push(`claim.state = ANY ($${values.length}::smallint[])`);
  }
  return { text: `${select} WHERE ${conditions.join(' AND ')} ORDER BY ${by} LIMIT $2`, values };
}
