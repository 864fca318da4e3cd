/** A value of a statement. */
export type SqlValue = string | number | null;

/** A row, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A statement in the words that SQLite and PostgreSQL share, with `$1`, `$2`, … */
export interface SqlStatement {
  readonly text: string;
  readonly values?: readonly SqlValue[];
}

/** A database, as far as keys need one. Rejects with `KeyStoreUnavailable`. */
export interface Sql {
  rows(text: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** All of them in one transaction, durable when it resolves unless that is not needed (`lazy`); the rows of each. */
  batch(statements: readonly SqlStatement[], lazy?: boolean): Promise<readonly (readonly SqlRow[])[]>;
  close(): Promise<void>;
}
