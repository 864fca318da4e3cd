import type Database from 'libsql';
import { LedgerOpenError } from '../errors.js';

/** One step of the schema; its version is its position in {@link MIGRATIONS}, from 1. */
interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * The schema's history, oldest first. Never edit one that was released: add another. (The first was edited in place while
 * no version had been released.)
 *
 * The table of claims is a log: rows are appended in the order of `seq`, and its keys have no index on disk. Challenge
 * ids are MAC outputs and payment references are hashes, that is, random keys: a B-tree over them touches a page of
 * its own for every claim and writes about 9 KB per claim at ten million rows, where the log writes 0.3 KB (measured),
 * and keying by (expiry bucket, id) cannot keep a reference unique across buckets. So both uniquenesses are kept by
 * the one process that may write (`lock.ts`), in memory (`key-index.ts`), and checked again whenever the file is opened.
 * `keys` holds what the index needs, so that opening does not read the claims (`key-blocks.ts`); since it must agree with
 * them, no key of a claim may ever be changed.
 *
 * `reference` is BLOB where the text is 64 lower-case hexadecimal digits, else TEXT: half the space for a hash.
 * `key` is the first half of the SHA-256 of the `Idempotency-Key`, where there was one.
 * `rate` is a quoted rate as JSON (`quoted-rate.ts`), where there was one.
 * `paid` is a signed 64-bit integer. `state` is a number of `transitions.ts`. Times are milliseconds since the epoch.
 * `holder` is the opening of the ledger (`opening.epoch`) in which the claim was last moved.
 *
 * `entry` has the movements of the books (`books.ts`) after a claim's first one, which the claim's own row tells.
 * `total` sums all movements up, by kind; its amounts may go beyond 64 bits, so they are decimal texts.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'claims, answers and books',
    sql: `
      CREATE TABLE kind (
        id INTEGER PRIMARY KEY,
        method TEXT NOT NULL,
        intent TEXT NOT NULL,
        currency TEXT NOT NULL,
        route TEXT NOT NULL,
        UNIQUE (route, method, intent, currency)
      ) STRICT;
      CREATE TABLE claim (
        seq INTEGER PRIMARY KEY CHECK (seq BETWEEN 1 AND 4294967294),
        kind INTEGER NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 8),
        paid INTEGER NOT NULL CHECK (paid >= 0),
        attempts INTEGER NOT NULL CHECK (attempts >= 0),
        redeliveries INTEGER NOT NULL CHECK (redeliveries >= 0),
        holder INTEGER NOT NULL CHECK (holder >= 0),
        expires INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        challenge BLOB NOT NULL CHECK (length(challenge) = 32),
        reference ANY NOT NULL,
        resource TEXT NOT NULL,
        key BLOB CHECK (length(key) = 16)
      ) STRICT;
      CREATE INDEX credit ON claim (updated) WHERE state = 2;
      CREATE TRIGGER keys_stay BEFORE UPDATE OF seq, challenge, reference ON claim
        BEGIN SELECT raise(ABORT, 'the keys of a claim never change'); END;
      CREATE TABLE keys (
        block INTEGER PRIMARY KEY,
        places BLOB,
        prints BLOB NOT NULL
      ) STRICT;
      CREATE TABLE answer (
        seq INTEGER PRIMARY KEY,
        stored INTEGER NOT NULL,
        status INTEGER NOT NULL,
        headers TEXT NOT NULL,
        body BLOB NOT NULL
      ) STRICT;
      CREATE INDEX answer_stored ON answer (stored);
      CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        claim INTEGER NOT NULL,
        at INTEGER NOT NULL,
        movement INTEGER NOT NULL CHECK (movement BETWEEN 1 AND 7)
      ) STRICT;
      CREATE INDEX entry_claim ON entry (claim);
      CREATE TABLE total (
        kind INTEGER NOT NULL,
        movement INTEGER NOT NULL CHECK (movement BETWEEN 1 AND 7),
        count INTEGER NOT NULL CHECK (count > 0),
        amount TEXT NOT NULL CHECK (amount NOT GLOB '*[^0-9]*'),
        PRIMARY KEY (kind, movement)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE opening (epoch INTEGER NOT NULL) STRICT;
      INSERT INTO opening VALUES (0);`,
  },
  {
    name: 'rates',
    sql: 'ALTER TABLE claim ADD COLUMN rate TEXT;',
  },
];

/** Marks the file as a Farebox ledger (`PRAGMA application_id`): "FBL1". */
export const applicationId = 0x46424c31;

/**
 * Brings the file to the newest schema, each step in a transaction of its own.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema` or `ledger_foreign_file`; nothing has been changed then
 */
export function migrate(db: Database.Database, migrations: readonly Migration[] = MIGRATIONS): void {
  const version = assertOurs(db, migrations.length);
  for (let next = version; next < migrations.length; next++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[next]?.sql ?? '');
      db.exec(`PRAGMA application_id = ${applicationId}`);
      db.exec(`PRAGMA user_version = ${next + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/**
 * Asserts that the file is a ledger, or new, without changing it. Returns its schema's version.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema` or `ledger_foreign_file`
 */
export function assertOurs(db: Database.Database, known = MIGRATIONS.length): number {
  const version = readNumber(db, 'PRAGMA user_version');
  assertNotNewer(version, known);
  const id = readNumber(db, 'PRAGMA application_id');
  const empty = readNumber(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (id !== applicationId && !(empty && version === 0 && id === 0)) throw foreign();
  return version;
}

/**
 * Asserts that the file is a ledger of this schema, without changing it.
 *
 * @throws {LedgerOpenError} `ledger_newer_schema`, `ledger_foreign_file`, or `ledger_unopenable` for an older schema
 */
export function assertReadable(db: Database.Database): void {
  const version = readNumber(db, 'PRAGMA user_version');
  if (readNumber(db, 'PRAGMA application_id') !== applicationId) throw foreign();
  assertNotNewer(version, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  throw new LedgerOpenError(
    'ledger_unopenable',
    'The ledger was written by an older Farebox; open it once with `farebox serve` to bring it up to date.',
  );
}

function assertNotNewer(version: number, known: number): void {
  if (version <= known) return;
  throw new LedgerOpenError(
    'ledger_newer_schema',
    `The ledger was written by a newer Farebox (its schema is ${version}, this one knows ${known}); run that version or a later one.`,
  );
}

function foreign(): LedgerOpenError {
  return new LedgerOpenError(
    'ledger_foreign_file',
    'The file is a database of another program; give the ledger a path of its own.',
  );
}

/** Reads one number, the only column of the only row. */
export function readNumber(db: Database.Database, sql: string): number {
  const row: unknown = db.prepare(sql).raw().get([]);
  const value: unknown = Array.isArray(row) ? row[0] : undefined;
  if (typeof value !== 'number') throw new Error(`${sql} did not answer with a number`);
  return value;
}
