import { closeSync, openSync } from 'node:fs';
import Libsql from 'libsql';
import {
  type Database,
  integer,
  type Row,
  type Sql,
  type SqlValue,
  StoreError,
  storable,
} from './database.js';
import { schemaStatements, schemaVersion } from './schema.js';

const busyTimeoutMs = 5_000;

/**
 * Opens the registrar's own store in one file: write-ahead log, every commit synced to disk. One process at a time writes.
 *
 * @throws StoreError
 */
export function openSqliteStore(path: string): Database {
  try {
    createPrivate(path);
    const writer = open(path);
    prepareSchema(writer);
    // A connection of its own: readings see what is committed and nothing else.
    return new SqliteStore(writer, open(path));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The store ${path} cannot be opened; its folder must exist and be writable.`, {
      cause,
    });
  }
}

function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function open(path: string): Libsql.Database {
  const db = new Libsql(path);
  db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA foreign_keys = ON');
  return db;
}

function prepareSchema(db: Libsql.Database): void {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all([]) as Row[]; // rows of named columns
  if (tables.length === 0) {
    db.exec('BEGIN IMMEDIATE');
    for (const statement of schemaStatements) db.exec(statement);
    db.exec(`INSERT INTO schema_version VALUES (${schemaVersion}); COMMIT`);
    return;
  }
  const ours = tables.some(({ name }) => name === 'schema_version');
  const [row] = ours ? (db.prepare('SELECT version FROM schema_version').all([]) as Row[]) : []; // as above
  if (row === undefined || integer(row, 'version') !== schemaVersion)
    throw new StoreError(
      'The file is no store of this registrar’s version; name another one, or use the version that made it.',
    );
}

class SqliteStore implements Database {
  readonly kind = 'sqlite';
  readonly #writer: Libsql.Database;
  readonly #reader: Libsql.Database;
  /** The write before: they come one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(writer: Libsql.Database, reader: Libsql.Database) {
    this.#writer = writer;
    this.#reader = reader;
  }

  read<T>(ask: (sql: Sql) => Promise<T>): Promise<T> {
    return ask(sqlOf(this.#reader));
  }

  write<T>(change: (sql: Sql) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#transaction(change));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #transaction<T>(change: (sql: Sql) => Promise<T>): Promise<T> {
    const db = this.#writer;
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = await change(sqlOf(db));
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#last.then(() => {
      this.#reader.close();
      this.#writer.close();
    });
    return this.#closed;
  }
}

/** Each statement is compiled once a connection. */
const compiled = new WeakMap<Libsql.Database, Map<string, Libsql.Statement<unknown[]>>>();

function statement(db: Libsql.Database, text: string): Libsql.Statement<unknown[]> {
  const known = compiled.get(db) ?? new Map<string, Libsql.Statement<unknown[]>>();
  compiled.set(db, known);
  const found = known.get(text) ?? db.prepare(text);
  known.set(text, found);
  return found;
}

function sqlOf(db: Libsql.Database): Sql {
  return {
    async all(text: string, values: readonly SqlValue[] = []) {
      return statement(db, text).all(storable(values)) as Row[]; // a row is an object of its columns
    },
    async run(text: string, values: readonly SqlValue[] = []) {
      return statement(db, text).run(storable(values)).changes;
    },
  };
}
