/** One row, by column. */
export type Row = Readonly<Record<string, unknown>>;
/** What a statement is given. Amounts are `bigint`, times are whole numbers. */
export type SqlValue = string | number | bigint | null;

/**
 * Statements of one transaction, or of one reading. `?` stands for a value. The text keeps to what SQLite and PostgreSQL both
 * understand.
 */
export interface Sql {
  all(text: string, values?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Resolves with the number of rows that were changed. */
  run(text: string, values?: readonly SqlValue[]): Promise<number>;
}

/**
 * Where the registrar keeps what it knows. Two kinds, one promise, one conformance suite: a write is all or nothing, on disk
 * when it resolves, and no other write comes between its statements.
 */
export interface Database {
  readonly kind: 'sqlite' | 'postgres';
  /** Sees what was committed before. */
  read<T>(ask: (sql: Sql) => Promise<T>): Promise<T>;
  /** One write after the other. `change` may be called again where it failed for another's doing: it touches only `sql`. */
  write<T>(change: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The store cannot be used as it is. The message says what to do and never holds a password. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store_unusable';
}

/** U+0000 and halves of surrogate pairs. */
const unstorable = /[\p{Surrogate}\0]/u;

/** True for a text that either kind of store gives back as it was: SQLite cuts it at U+0000, PostgreSQL refuses that. */
export function isStorable(text: string): boolean {
  return !unstorable.test(text);
}

/**
 * What a statement is given, looked at once more.
 *
 * @throws TypeError for a text that is not {@link isStorable}: whoever took it from outside should have refused it
 */
export function storable(values: readonly SqlValue[]): SqlValue[] {
  for (const value of values)
    if (typeof value === 'string' && !isStorable(value))
      throw new TypeError('A text for the store has U+0000 or half of a surrogate pair in it.');
  return [...values];
}

/** A column that holds text. @throws Error where it does not: then the store is not ours. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`The store's column ${column} holds no text.`);
  return value;
}

/** As {@link text}; undefined for NULL. */
export function textOrNone(row: Row, column: string): string | undefined {
  return row[column] === null || row[column] === undefined ? undefined : text(row, column);
}

/** A column that holds an amount. PostgreSQL writes large integers as text. */
export function amount(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?[0-9]{1,30}$/.test(value)) return BigInt(value);
  throw new Error(`The store's column ${column} holds no whole number.`);
}

/** As {@link amount}; undefined for NULL. */
export function amountOrNone(row: Row, column: string): bigint | undefined {
  return row[column] === null || row[column] === undefined ? undefined : amount(row, column);
}

/** A column that holds a time or a count. */
export function integer(row: Row, column: string): number {
  return Number(amount(row, column));
}

/** As {@link integer}; undefined for NULL. */
export function integerOrNone(row: Row, column: string): number | undefined {
  const value = amountOrNone(row, column);
  return value === undefined ? undefined : Number(value);
}
