import type Database from 'libsql';
import { keptAnswerOf } from '../front/answers.js';
import type { NewAnswer } from '../front/operations.js';
import { whole } from '../front/rows.js';
import type { KeptAnswer } from '../ledger.js';
import { stateNumber } from '../transitions.js';
import { columnsOf } from './columns.js';

/** Where a walk over the answers is; it goes by the time of their delivery. */
export interface AnswerCursor {
  readonly storedMs: number;
  readonly seq: number;
}

/** An old answer that a walk has come to. */
export interface OldAnswer extends AnswerCursor {
  /** Its claim is done with: nobody can ask for it again. */
  readonly done: boolean;
}

/** The table of kept answers; within the caller's transaction. */
export class Answers {
  readonly #put: Database.Statement;
  readonly #has: Database.Statement;
  readonly #get: Database.Statement;
  readonly #old: Database.Statement;
  readonly #remove: Database.Statement;

  constructor(db: Database.Database) {
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO answer (seq, stored, status, headers, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#has = db.prepare('SELECT 1 FROM answer WHERE seq = ?').raw();
    this.#get = db.prepare('SELECT stored, status, headers, body FROM answer WHERE seq = ?').raw();
    const done = [stateNumber('answered'), stateNumber('expired'), stateNumber('refunded')].join(', ');
    this.#old = db
      .prepare(
        `SELECT stored, seq, EXISTS (SELECT 1 FROM claim WHERE claim.seq = answer.seq AND state IN (${done})) FROM answer
         WHERE (stored, seq) > (?, ?) AND stored < ? ORDER BY stored, seq LIMIT ?`,
      )
      .raw();
    this.#remove = db.prepare('DELETE FROM answer WHERE seq = ?');
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

  /** The next answers after `from` that are from before a moment, oldest first. */
  old(from: AnswerCursor, beforeMs: number, rowsMax: number): OldAnswer[] {
    return this.#old.all([from.storedMs, from.seq, beforeMs, rowsMax]).map((raw) => {
      const [storedMs, seq, done] = columnsOf(raw);
      return { storedMs: whole(storedMs, 'stored'), seq: whole(seq, 'seq'), done: done === 1 };
    });
  }

  remove(seq: number): void {
    this.#remove.run([seq]);
  }
}
