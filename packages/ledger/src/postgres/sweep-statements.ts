import { nobody } from './schema.js';
import { LOCKED_COLUMNS } from './statements.js';

/** The statements of housekeeping, for one schema. None of them waits for a batch: what is locked is skipped. */
export interface SweepTexts {
  /** Takes the right to sweep; no row when another gateway has it. */
  readonly right: string;
  /** Locks up to $2 credits untouched since $1, oldest first: `LOCKED_COLUMNS`. */
  readonly credits: string;
  /** Removes up to $2 answers from before $1. */
  readonly answers: string;
  /** The next $2 claims after $1: `seq, created`, and whether it can be removed ($3 states, $4 not changed since, $5 now). */
  readonly page: string;
  /** Locks those of the claims $1 that can be removed still; $2 to $4 as in `page`. */
  readonly lock: string;
  readonly removeEntries: string;
  readonly removeAnswers: string;
  /** Removes claims, and adds up what they stood for. */
  readonly removeClaims: string;
  /** Fences holders whose leases ran out $1 milliseconds ago or earlier. */
  readonly fenceForgotten: string;
  /** Up to $1 fenced holders. */
  readonly fenced: string;
  /** Adds the sums of the holders $1 to those of nobody. */
  readonly fold: string;
  readonly forget: string;
}

/** Writes the statements of housekeeping. The schema's name must have been checked. */
export function sweepTexts(schema: string): SweepTexts {
  const [claim, credit, answer] = [`"${schema}".claim`, `"${schema}".credit`, `"${schema}".answer`];
  const [holder, movement, pruned] = [`"${schema}".holder`, `"${schema}".movement`, `"${schema}".pruned`];
  return {
    right: `SELECT id FROM ${holder} WHERE id = ${nobody} FOR UPDATE SKIP LOCKED`,
    credits: `SELECT ${LOCKED_COLUMNS.replaceAll(/\w+/g, 'claim.$&')} FROM ${credit} JOIN ${claim} ON claim.seq = credit.seq
      WHERE credit.since < $1 ORDER BY credit.since LIMIT $2 FOR UPDATE OF claim SKIP LOCKED`,
    answers: `DELETE FROM ${answer} WHERE seq IN (
        SELECT seq FROM ${answer} WHERE stored < $1 ORDER BY stored LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    page: `SELECT seq, created, ${removable('$3', '$4', '$5')} FROM ${claim} WHERE seq > $1 ORDER BY seq LIMIT $2`,
    lock: `SELECT seq FROM ${claim} WHERE seq = ANY ($1::bigint[]) AND ${removable('$2', '$3', '$4')}
      ORDER BY seq FOR UPDATE SKIP LOCKED`,
    removeEntries: `DELETE FROM "${schema}".entry WHERE claim = ANY ($1::bigint[])`,
    removeAnswers: `DELETE FROM ${answer} WHERE seq = ANY ($1::bigint[])`,
    removeClaims: `WITH gone AS (DELETE FROM ${claim} WHERE seq = ANY ($1::bigint[]) RETURNING kind, state, paid)
      INSERT INTO ${pruned} AS pruned (kind, state, count, amount)
      SELECT kind, state, count(*), sum(paid) FROM gone GROUP BY kind, state
      ON CONFLICT (kind, state) DO UPDATE SET count = pruned.count + excluded.count, amount = pruned.amount + excluded.amount`,
    fenceForgotten: `UPDATE ${holder} SET fenced = true WHERE id IN (
        SELECT id FROM ${holder} WHERE NOT fenced AND lease_until < clock_timestamp() - $1::integer * interval '1 millisecond'
        ORDER BY id FOR UPDATE SKIP LOCKED)`,
    fenced: `SELECT id FROM ${holder} WHERE fenced AND id <> ${nobody} ORDER BY id LIMIT $1`,
    fold: `WITH gone AS (DELETE FROM ${movement} WHERE holder = ANY ($1::bigint[]) RETURNING kind, number, count, amount)
      INSERT INTO ${movement} AS movement (holder, kind, number, count, amount)
      SELECT ${nobody}, kind, number, sum(count), sum(amount) FROM gone GROUP BY kind, number
      ON CONFLICT (holder, kind, number)
        DO UPDATE SET count = movement.count + excluded.count, amount = movement.amount + excluded.amount`,
    forget: `DELETE FROM ${holder} WHERE id = ANY ($1::bigint[])`,
  };
}

// The words of `SweepTerms.retentionMs`.
function removable(states: string, horizon: string, now: string): string {
  return `(state = ANY (${states}::smallint[]) AND updated < ${horizon}::bigint AND expires < ${now}::bigint)`;
}
