import { stateNumber } from '../transitions.js';
import { nobody } from './schema.js';

/** One prepared statement: planned once per connection, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** The statements of a batch, for one schema. */
export interface Statements {
  /** Takes the batch's own holder for the whole transaction, unless it is fenced: answers with a row if it is alive. */
  readonly guard: Statement;
  /** As {@link guard}, and renews the lease. */
  readonly renew: Statement;
  /** Appends claims whose keys are not there yet; answers with `seq, challenge, reference` of those appended. */
  readonly insert: Statement;
  /** Locks claims by `seq`, lowest first; answers with {@link LOCKED_COLUMNS} as they are once locked. */
  readonly lock: Statement;
  /** Reads claims by challenge or by reference: {@link readColumns}; locks nothing. */
  readonly read: Statement;
  /** Reads answers by `seq`: `seq, stored, status, headers, body`. */
  readonly answers: Statement;
  /** What is known of holders: `id`, and {@link HOLDER_FENCED} or one of the others. Those that are gone are left out. */
  readonly holders: Statement;
  /** Writes the next shape of claims that are locked. */
  readonly update: Statement;
  /** Appends to the log of movements. */
  readonly enter: Statement;
  /** Adds to the sums of movements of one holder. */
  readonly book: Statement;
  /** Claims that are credits now. */
  readonly credit: Statement;
  /** Claims that no longer are. */
  readonly uncredit: Statement;
  /** Keeps answers. */
  readonly keep: Statement;
}

/** What {@link Statements.lock} answers with: the part of a claim that changes, and what the books need. */
export const LOCKED_COLUMNS = 'seq, state, holder, attempts, redeliveries, updated, key, kind, paid';

/** The holder is fenced (or gone): dead for certain, for good. */
export const HOLDER_FENCED = 0;
/** Its lease has run out. Whoever wants to take over from it must fence it first. */
export const HOLDER_LAPSED = 1;
/** It lives. */
export const HOLDER_LIVES = 2;

/**
 * READ COMMITTED, said aloud: the argument in `transaction.ts` rests on it, and a database may have another default.
 */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

const held = `${stateNumber('claimed')}, ${stateNumber('delivered')}`;

/** What is known of the holder in the row `holder`, as SQL. */
export const STANDING = `CASE WHEN holder.fenced THEN ${HOLDER_FENCED}
  WHEN holder.lease_until < clock_timestamp() THEN ${HOLDER_LAPSED} ELSE ${HOLDER_LIVES} END`;

/**
 * What {@link Statements.read} answers with, of `claim` and `kind`; `readRowOf` takes it apart by position. The last column: what
 * is known of the holder while the claim is held.
 */
export function readColumns(schema: string): string {
  return `claim.seq, claim.kind, claim.state, claim.paid, claim.attempts, claim.redeliveries, claim.holder, claim.expires,
    claim.created, claim.updated, claim.challenge, claim.reference, claim.resource, claim.key, claim.rate,
    kind.method, kind.intent, kind.currency, kind.route,
    EXISTS (SELECT 1 FROM "${schema}".answer WHERE answer.seq = claim.seq),
    CASE WHEN claim.state IN (${held}) THEN
      (SELECT ${STANDING} FROM "${schema}".holder WHERE holder.id = claim.holder) END`;
}

/** Writes the statements for a schema. The name must have been checked (`target.ts`). */
export function statementsFor(schema: string): Statements {
  return { ...claimStatements(schema), ...bookStatements(schema) };
}

function claimStatements(
  schema: string,
): Pick<Statements, 'guard' | 'renew' | 'insert' | 'lock' | 'read' | 'answers' | 'holders' | 'update'> {
  const claim = `"${schema}".claim`;
  const holder = `"${schema}".holder`;
  return {
    guard: {
      name: 'farebox_guard',
      text: `SELECT id FROM ${holder} WHERE id = $1 AND NOT fenced FOR SHARE`,
    },
    renew: { name: 'farebox_renew', text: renewText(schema) },
    insert: {
      name: 'farebox_insert',
      text: `INSERT INTO ${claim} (kind, state, holder, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource, key, rate)
        SELECT kind, state, $12::bigint, paid, attempts, 0, expires, created, created, challenge, reference, resource, key, rate
        FROM unnest($1::integer[], $2::smallint[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::text[], $10::bytea[], $11::text[])
          WITH ORDINALITY AS new (kind, state, paid, attempts, expires, created, challenge, reference, resource, key, rate, place)
        ORDER BY place
        ON CONFLICT DO NOTHING
        RETURNING seq, challenge, reference`,
    },
    lock: {
      name: 'farebox_lock',
      text: `SELECT ${LOCKED_COLUMNS} FROM ${claim} WHERE seq = ANY ($1::bigint[]) ORDER BY seq FOR UPDATE`,
    },
    read: {
      name: 'farebox_read',
      text: `SELECT ${readColumns(schema)} FROM ${claim} LEFT JOIN "${schema}".kind ON kind.id = claim.kind
        WHERE challenge = ANY ($1::bytea[]) OR reference = ANY ($2::bytea[])`,
    },
    answers: {
      name: 'farebox_answers',
      text: `SELECT seq, stored, status, headers, body FROM "${schema}".answer WHERE seq = ANY ($1::bigint[])`,
    },
    holders: {
      name: 'farebox_holders',
      text: `SELECT id, ${STANDING} FROM ${holder} WHERE id = ANY ($1::bigint[])`,
    },
    update: {
      name: 'farebox_update',
      text: `UPDATE ${claim} AS claim
        SET state = new.state, holder = $7::bigint, attempts = new.attempts, redeliveries = new.redeliveries,
          updated = new.updated, key = coalesce(new.key, claim.key)
        FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::integer[], $5::bigint[], $6::bytea[])
          AS new (seq, state, attempts, redeliveries, updated, key)
        WHERE claim.seq = new.seq`,
    },
  };
}

function bookStatements(schema: string): Pick<Statements, 'enter' | 'book' | 'credit' | 'uncredit' | 'keep'> {
  const credit = `"${schema}".credit`;
  return {
    enter: {
      name: 'farebox_enter',
      text: `INSERT INTO "${schema}".entry (claim, at, number)
        SELECT claim, at, number FROM unnest($1::bigint[], $2::bigint[], $3::smallint[])
          WITH ORDINALITY AS new (claim, at, number, place) ORDER BY place`,
    },
    book: { name: 'farebox_book', text: bookText(schema) },
    credit: {
      name: 'farebox_credit',
      text: `INSERT INTO ${credit} (seq, since) SELECT seq, since FROM unnest($1::bigint[], $2::bigint[]) AS new (seq, since)
        ON CONFLICT (seq) DO UPDATE SET since = excluded.since`,
    },
    uncredit: { name: 'farebox_uncredit', text: `DELETE FROM ${credit} WHERE seq = ANY ($1::bigint[])` },
    keep: {
      name: 'farebox_keep',
      text: `INSERT INTO "${schema}".answer (seq, stored, status, headers, body)
        SELECT seq, stored, status, headers, body FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::bytea[])
          AS new (seq, stored, status, headers, body)
        ON CONFLICT (seq) DO UPDATE SET stored = excluded.stored, status = excluded.status, headers = excluded.headers, body = excluded.body`,
    },
  };
}

/** Renews the lease of the holder $1 by $2 milliseconds unless it is fenced; answers with a row if it is alive. */
export function renewText(schema: string): string {
  return `UPDATE "${schema}".holder SET lease_until = clock_timestamp() + $2::integer * interval '1 millisecond'
    WHERE id = $1 AND NOT fenced RETURNING id`;
}

// In one order whoever adds, since the rows are locked until the end of the transaction.
function bookText(schema: string): string {
  return `INSERT INTO "${schema}".movement AS movement (holder, kind, number, count, amount)
    SELECT $1::bigint, kind, number, count, amount
    FROM unnest($2::integer[], $3::smallint[], $4::bigint[], $5::numeric[]) AS new (kind, number, count, amount)
    ORDER BY kind, number
    ON CONFLICT (holder, kind, number)
      DO UPDATE SET count = movement.count + excluded.count, amount = movement.amount + excluded.amount`;
}

/**
 * Fences those of the holders $1 whose lease has run out; answers with the fenced ones. One that somebody has locked is
 * left alone: its own batch may be committing.
 */
export function fenceText(schema: string): string {
  return `UPDATE "${schema}".holder SET fenced = true WHERE id IN (
      SELECT id FROM "${schema}".holder WHERE id = ANY ($1::bigint[]) AND id <> ${nobody} AND NOT fenced
        AND lease_until < clock_timestamp() ORDER BY id FOR UPDATE SKIP LOCKED
    ) RETURNING id`;
}

/** Numbers as the text of a PostgreSQL array. */
export function numbersArray(numbers: readonly (number | bigint)[]): string {
  return `{${numbers.join(',')}}`;
}

/** Byte strings, some of them absent, as the text of a PostgreSQL array. */
export function bytesArray(items: readonly (Uint8Array | undefined)[]): string {
  const texts = items.map((bytes) => (bytes === undefined ? 'NULL' : `"\\\\x${hexOf(bytes)}"`));
  return `{${texts.join(',')}}`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
