import type Database from 'libsql';
import { keptAnswerOf } from '../front/answers.js';
import type { NewAnswer } from '../front/operations.js';
import type { KeptAnswer } from '../ledger.js';
import { columnsOf } from './columns.js';

/** The table of kept answers; within the caller's transaction. */
export class Answers {
  readonly #put: Database.Statement;
  readonly #has: Database.Statement;
  readonly #get: Database.Statement;
  readonly #hasBefore: Database.Statement;
  readonly #removeOld: Database.Statement;

  constructor(db: Database.Database) {
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO answer (seq, stored, status, headers, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#has = db.prepare('SELECT 1 FROM answer WHERE seq = ?').raw();
    this.#get = db.prepare('SELECT stored, status, headers, body FROM answer WHERE seq = ?').raw();
    this.#hasBefore = db.prepare('SELECT 1 FROM answer WHERE stored < ? LIMIT 1').raw();
    this.#removeOld = db.prepare(
      'DELETE FROM answer WHERE seq IN (SELECT seq FROM answer WHERE stored < ? ORDER BY stored LIMIT ?)',
    );
  }

  /** Keeps the answer with which a claim is delivered. */
  put(seq: number, nowMs: number, { status, headers, body }: NewAnswer): void {
    this.#put.run([seq, nowMs, status, headers, Buffer.from(body.buffer, body.byteOffset, body.length)]);
  }

  has(seq: number): boolean {
    return this.#has.get([seq]) !== undefined;
  }

  /** @throws {DamagedRow} */
  get(seq: number): KeptAnswer | undefined {
    const raw = this.#get.get([seq]);
    if (raw === undefined) return undefined;
    const [stored, status, headers, body] = columnsOf(raw);
    return keptAnswerOf({ seq, stored, status, headers, body });
  }

  /** True when there are answers from before a moment. */
  hasBefore(ms: number): boolean {
    return this.#hasBefore.get([ms]) !== undefined;
  }

  /** Removes answers from before a moment, oldest first. Returns how many. */
  removeBefore(ms: number, rowsMax: number): number {
    return this.#removeOld.run([ms, rowsMax]).changes;
  }
}
