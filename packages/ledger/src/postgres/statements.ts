/** One prepared statement: planned once per connection, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** The statements of the hot path, for one schema. */
export interface Statements {
  /** Appends claims whose keys are not there yet; answers with `seq, challenge, reference` of those appended. */
  readonly insert: Statement;
  /** Locks claims by `seq`, lowest first; answers with {@link LOCKED_COLUMNS} as they are once locked. */
  readonly lock: Statement;
  /** Reads claims by challenge or by reference, with their kinds; locks nothing. */
  readonly read: Statement;
  /** Writes the next shape of claims that are locked. */
  readonly update: Statement;
}

/** What {@link Statements.lock} answers with: the part of a claim that changes. */
export const LOCKED_COLUMNS = 'seq, state, attempts, redeliveries, updated, key';

/**
 * READ COMMITTED, said aloud: the argument in `transaction.ts` rests on it, and a database may have another default.
 */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/** Writes the statements for a schema. The name must have been checked (`target.ts`). */
export function statementsFor(schema: string): Statements {
  const claim = `"${schema}".claim`;
  const kind = `"${schema}".kind`;
  return {
    insert: {
      name: 'farebox_insert',
      text: `INSERT INTO ${claim} (kind, state, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource, key)
        SELECT kind, state, paid, attempts, 0, expires, created, created, challenge, reference, resource, key
        FROM unnest($1::integer[], $2::smallint[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::text[], $10::bytea[])
          WITH ORDINALITY AS new (kind, state, paid, attempts, expires, created, challenge, reference, resource, key, place)
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
      text: `SELECT seq, kind, state, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource, key,
          method, intent, currency, route
        FROM ${claim} LEFT JOIN ${kind} ON kind.id = claim.kind
        WHERE challenge = ANY ($1::bytea[]) OR reference = ANY ($2::bytea[])`,
    },
    update: {
      name: 'farebox_update',
      text: `UPDATE ${claim} AS claim
        SET state = new.state, attempts = new.attempts, redeliveries = new.redeliveries, updated = new.updated,
          key = coalesce(new.key, claim.key)
        FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::integer[], $5::bigint[], $6::bytea[])
          AS new (seq, state, attempts, redeliveries, updated, key)
        WHERE claim.seq = new.seq`,
    },
  };
}

/** Numbers as the text of a PostgreSQL array. */
export function numbersArray(numbers: readonly (number | bigint)[]): string {
  return `{${numbers.join(',')}}`;
}

/** Byte strings, some of them absent, as the text of a PostgreSQL array. */
export function bytesArray(items: readonly (Buffer | undefined)[]): string {
  const texts = items.map((bytes) => (bytes === undefined ? 'NULL' : `"\\\\x${bytes.toString('hex')}"`));
  return `{${texts.join(',')}}`;
}
