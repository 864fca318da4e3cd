import type Database from 'libsql';
import { stateNumber, TRANSITIONS } from '../transitions.js';

/** One `answered` of a batch: the claim, when, and where its outcome belongs. */
export interface Mark {
  readonly seq: number;
  readonly nowMs: number;
  readonly at: number;
}

const { move } = TRANSITIONS.answered.delivered;
if (move !== 'go') throw new Error('the table of transitions no longer lets a delivered claim be answered');

/**
 * The `answered` marks of one batch. Claims that were delivered together are answered together, so their marks come in
 * runs of neighbouring `seq`; a run is one guarded statement instead of a look and a write for each. The guard is the
 * table's: only what this holder has `delivered` becomes `answered`, which moves nothing in the books. A run in which
 * anything else stands is left to the caller, one by one.
 */
export class AnsweredMarks {
  readonly #update: Database.Statement;
  #marks: Mark[] = [];

  /** @param holder who marks */
  constructor(db: Database.Database, holder: number) {
    const [delivered, answered] = [stateNumber('delivered'), stateNumber('answered')];
    this.#update = db.prepare(
      `UPDATE claim SET state = ${answered}, updated = max(updated, ?)
       WHERE seq BETWEEN ? AND ? AND state = ${delivered} AND holder = ${holder}`,
    );
  }

  get empty(): boolean {
    return this.#marks.length === 0;
  }

  add(seq: number, nowMs: number, at: number): void {
    this.#marks.push({ seq, nowMs, at });
  }

  clear(): void {
    this.#marks = [];
  }

  /** Writes all marks; those of a run that was not all delivered go to `one`. */
  flush(one: (mark: Mark) => void): void {
    const marks = this.#marks;
    this.#marks = [];
    marks.sort((a, b) => a.seq - b.seq);
    let start = 0;
    for (let next = 1; next <= marks.length; next++) {
      if (marks[next]?.seq === (marks[next - 1]?.seq ?? 0) + 1) continue;
      this.#writeRun(marks.slice(start, next), one);
      start = next;
    }
  }

  #writeRun(run: readonly Mark[], one: (mark: Mark) => void): void {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    if (run.length > 1) {
      const nowMs = run.reduce((latest, mark) => Math.max(latest, mark.nowMs), 0);
      const { changes } = this.#update.run([nowMs, first.seq, last.seq]);
      if (changes === run.length) return;
    }
    // A part of the run may be marked by now: for those, `answered` of an answered claim changes nothing.
    for (const mark of run) one(mark);
  }
}
