import { type ClaimState, stateNumber } from '../transitions.js';
import { nobody } from './schema.js';
import { LOCKED_COLUMNS } from './statements.js';

/** The states in which a claim is done with. */
export const doneWith: readonly ClaimState[] = ['answered', 'expired', 'refunded'];
/** The states of a claim whose answer did not leave completely, as far as it says. */
export const lostOf: readonly ClaimState[] = ['delivered', 'cut'];

/** The statements of housekeeping, for one schema. None of them waits for a batch: what is locked is skipped. */
export interface SweepTexts {
  /** Takes the right to sweep; no row when another gateway has it. */
  readonly right: string;
  /** Locks up to $2 credits untouched since $1, oldest first: `LOCKED_COLUMNS`. */
  readonly credits: string;
  /** Removes up to $2 answers from before $1 whose claims are done with: any other may still be asked for. */
  readonly answers: string;
  /**
   * The next $2 claims after $1: `seq, created, state`, where its time is over ($3 not changed since, $4 now), or null.
   */
  readonly page: string;
  /** Locks those of the claims $1 that can lapse still; $2 and $3 as in `page`: `LOCKED_COLUMNS`, whether its holder is dead. */
  readonly lapsing: string;
  /** Locks those of the claims $1 that can be removed still; $2 and $3 as in `page`. */
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
        SELECT answer.seq FROM ${answer} JOIN ${claim} ON claim.seq = answer.seq
        WHERE stored < $1 AND state IN (${done}) ORDER BY stored LIMIT $2 FOR UPDATE OF answer SKIP LOCKED)`,
    page: `SELECT seq, created, CASE WHEN ${over('$3', '$4')} THEN state END FROM ${claim}
      WHERE seq > $1 ORDER BY seq LIMIT $2`,
    // A holder that is dead stays dead, and one that came to life since would have changed the claim.
    lapsing: `SELECT ${LOCKED_COLUMNS},
        NOT EXISTS (SELECT FROM ${holder} WHERE holder.id = claim.holder AND NOT fenced) AS orphaned FROM ${claim}
      WHERE seq = ANY ($1::bigint[]) AND state IN (${lost}) AND ${over('$2', '$3')} ORDER BY seq FOR UPDATE SKIP LOCKED`,
    lock: `SELECT seq FROM ${claim} WHERE seq = ANY ($1::bigint[]) AND state IN (${done}) AND ${over('$2', '$3')}
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
function over(horizon: string, now: string): string {
  return `(updated < ${horizon}::bigint AND expires < ${now}::bigint)`;
}

const done = doneWith.map(stateNumber).join(', ');
const lost = lostOf.map(stateNumber).join(', ');
