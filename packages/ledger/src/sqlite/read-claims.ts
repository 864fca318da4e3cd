import type Database from 'libsql';
import { ACCOUNT_OF_STATE, type BooksFilter, type Entry, MOVEMENTS, type Movement } from '../books.js';
import { claimOf, DamagedRow, whole } from '../front/rows.js';
import type { Claim } from '../ledger.js';
import { CLAIM_COLUMNS, columnsOf, readRow, type SqliteRow } from './columns.js';
import { conditionOf } from './filter.js';
import { Kinds } from './kinds.js';
import { readNumber } from './migrations.js';

/** Rows read at once. */
const pageRows = 500;

const claimColumns = CLAIM_COLUMNS.split(', ')
  .map((column) => `claim.${column}`)
  .join(', ');

/** A claim with its opening entry. */
export interface ReadClaim {
  readonly row: SqliteRow;
  readonly claim: Claim;
  readonly opening: Entry;
}

/**
 * Claims in the order of `seq`, up to the last one that is there at the beginning; or one claim alone. A page at a time:
 * outside a transaction the writer can tidy its log up in between, and may remove claims.
 *
 * @throws {DamagedRow}
 */
export function* readClaims(db: Database.Database, filter: BooksFilter, only?: number): Generator<ReadClaim> {
  const { sql, values } = conditionOf(filter, 'claim.created');
  const epoch = readNumber(db, 'SELECT epoch FROM opening');
  const last = only ?? readNumber(db, 'SELECT ifnull(max(seq), 0) FROM claim');
  const page = db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM answer WHERE answer.seq = claim.seq),
         (SELECT movement FROM entry WHERE entry.claim = claim.seq ORDER BY id LIMIT 1), ${claimColumns}
       FROM claim LEFT JOIN kind ON kind.id = claim.kind
       WHERE claim.seq > ? AND claim.seq <= ? AND ${sql} ORDER BY claim.seq LIMIT ${pageRows}`,
    )
    .raw()
    .safeIntegers();
  for (let after = only === undefined ? (filter.afterSeq ?? 0) : only - 1; ; ) {
    const rows = page.all([after, last, ...values]);
    const kinds = new Kinds(db);
    for (const raw of rows) {
      const [answerKept, movement, ...columns] = columnsOf(raw);
      const row = readRow(columns, (kind) => kinds.get(kind));
      after = row.seq;
      // Of an earlier opening: dead for certain. Of the last one: it may still be at work.
      const hold = row.holder === epoch ? 'theirs' : 'orphaned';
      const claim = claimOf(row, { hold, key: undefined, answerKept: answerKept === 1n });
      yield { row, claim, opening: openingOf(row, movement) };
    }
    if (rows.length < pageRows) return;
  }
}

/**
 * All entries but the opening ones, as they were made.
 *
 * @throws {DamagedRow}
 */
export function* readLaterEntries(db: Database.Database, filter: BooksFilter): Generator<Entry> {
  const { sql, values } = conditionOf(filter, 'entry.at');
  const last = readNumber(db, 'SELECT ifnull(max(id), 0) FROM entry');
  const page = db
    .prepare(
      `SELECT entry.id, entry.at, entry.movement, ${claimColumns}
       FROM entry JOIN claim ON claim.seq = entry.claim LEFT JOIN kind ON kind.id = claim.kind
       WHERE entry.id > ? AND entry.id <= ? AND +entry.claim > ? AND ${sql} ORDER BY entry.id LIMIT ${pageRows}`,
    )
    .raw()
    .safeIntegers();
  for (let after = 0; ; ) {
    const rows = page.all([after, last, filter.afterSeq ?? 0, ...values]);
    const kinds = new Kinds(db);
    for (const raw of rows) {
      const [id, at, movement, ...columns] = columnsOf(raw);
      after = whole(id, 'entry');
      const row = readRow(columns, (kind) => kinds.get(kind));
      yield entryOf(row, whole(at, 'entry'), movementOf(movement));
    }
    if (rows.length < pageRows) return;
  }
}

/** The entries of one claim but the opening one, oldest first. */
export function entriesOfClaim(db: Database.Database, row: SqliteRow): readonly Entry[] {
  const rows = db.prepare('SELECT at, movement FROM entry WHERE claim = ? ORDER BY id').raw().all([row.seq]);
  return rows.map((raw) => {
    const [at, movement] = columnsOf(raw);
    return entryOf(row, whole(at, 'entry'), movementOf(movement));
  });
}

/**
 * The movement that a stored number means.
 *
 * @throws {DamagedRow}
 */
export function movementOf(stored: unknown): Movement {
  const movement = MOVEMENTS[whole(stored, 'movement') - 1];
  if (movement === undefined) throw new DamagedRow('An entry of the books is no known movement.');
  return movement;
}

// The claim came into being in the account that its first later entry takes from, or else where it still is.
function openingOf(row: SqliteRow, firstMovement: unknown): Entry {
  const credit = firstMovement === null ? ACCOUNT_OF_STATE[row.state] : movementOf(firstMovement).debit;
  return entryOf(row, row.createdMs, { debit: 'received', credit });
}

function entryOf(row: SqliteRow, atMs: number, { debit, credit }: Movement): Entry {
  const { seq, kind, paid, rate } = row;
  const amount = { amount: paid, currency: kind.currency };
  return { debit, credit, atMs, seq, method: kind.method, route: kind.route, amount, ...(rate && { rate }) };
}
