import type Database from 'libsql';
import { CLAIM_COLUMNS } from './columns.js';

type Value = number | bigint | string | Buffer | null;

/** How many rows one statement may append, largest first: a statement for many costs a third less than one for each. */
const sizes = [16, 4, 1] as const;
const rowPlaces = `(${CLAIM_COLUMNS.replaceAll(/\w+/g, '?')})`;

/**
 * New claims of one batch, kept back to be appended many at once. Whoever reads or changes the table must {@link flush}
 * before.
 */
export class ClaimInserts {
  readonly #statements: readonly { readonly size: number; readonly statement: Database.Statement }[];
  #values: Value[] = [];
  #rows = 0;

  constructor(db: Database.Database) {
    this.#statements = sizes.map((size) => ({
      size,
      statement: db.prepare(
        `INSERT INTO claim (${CLAIM_COLUMNS}) VALUES ${Array.from({ length: size }, () => rowPlaces).join(', ')}`,
      ),
    }));
  }

  /** Keeps a row back: its values in the order of {@link CLAIM_COLUMNS}. */
  add(...values: Value[]): void {
    this.#values.push(...values);
    this.#rows++;
    if (this.#rows === sizes[0]) this.flush();
  }

  /** Appends what was kept back. */
  flush(): void {
    if (this.#rows === 0) return;
    const [values, rows] = [this.#values, this.#rows];
    this.clear();
    const width = values.length / rows;
    let done = 0;
    for (const { size, statement } of this.#statements) {
      for (; rows - done >= size; done += size) {
        statement.run(size === rows ? values : values.slice(done * width, (done + size) * width));
      }
    }
  }

  /** Forgets what was kept back. */
  clear(): void {
    this.#values = [];
    this.#rows = 0;
  }
}
