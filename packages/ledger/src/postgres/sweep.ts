import { DamagedRow, whole } from '../front/rows.js';
import type { SweepTerms, Swept } from '../ledger.js';
import { type ClaimState, decide, type Hold, stateNumber } from '../transitions.js';
import { type Held, takeLocked, unknownHeld } from './held.js';
import { nobody } from './schema.js';
import type { Session } from './session.js';
import { BEGIN, numbersArray, type Statements } from './statements.js';
import { doneWith, lostOf, type SweepTexts, sweepTexts } from './sweep-statements.js';
import { committed } from './transaction.js';
import { Writes } from './writes.js';

/*
 * Housekeeping, one bounded transaction at a time, on a connection of its own. It stands in nobody's way: what a batch
 * has locked it skips, so it waits for none of them, and its own transactions are short. Of several gateways one sweeps at
 * a time (the row of `nobody` is the right to), and the others find nothing to do meanwhile.
 */

/** A holder whose lease ran out so long ago is fenced, though nobody wanted anything of it. */
const forgottenMs = 3_600_000;
/** Most holders that are cleared away in one step. */
const holdersMax = 100;

const nothingDone: Swept = { expired: 0, answers: 0, pruned: 0, more: false };

/** The housekeeping of one handle: remembers how far it has looked for claims to remove. */
export class Sweeper {
  readonly #statements: Statements;
  readonly #texts: SweepTexts;
  #cursor = 0;

  /** The schema's name must have been checked. */
  constructor(schema: string, statements: Statements) {
    this.#statements = statements;
    this.#texts = sweepTexts(schema);
  }

  /** One step. When it rejects, nothing was done, or it is not certain; then too the next step may be taken. */
  async step(session: Session, terms: SweepTerms): Promise<Swept> {
    try {
      await session.run(BEGIN);
      const right = await session.run(this.#texts.right);
      if (right.rows.length === 0) {
        await session.run('ROLLBACK');
        return nothingDone;
      }
      const expired = await this.#expire(session, terms);
      const answers = await this.#dropAnswers(session, terms, terms.rowsMax - expired);
      const page = await this.#prune(session, terms, terms.rowsMax - expired - answers);
      await this.#clearHolders(session);
      await committed(session, [], session.run('COMMIT'));
      this.#cursor = page.cursor;
      return { expired, answers, pruned: page.pruned, more: page.more };
    } catch (error) {
      if (session.alive) await session.run('ROLLBACK');
      throw error;
    }
  }

  async #expire(session: Session, terms: SweepTerms): Promise<number> {
    const horizonMs = terms.nowMs - terms.redemptionWindowMs;
    const { rows } = await session.run(this.#texts.credits, [horizonMs, terms.rowsMax]);
    // Its credit may have been touched between being found and being locked.
    const found = rows.map(heldOf).filter((held) => held !== undefined && held.updatedMs < horizonMs);
    return this.#end(session, 'expire', found, terms.nowMs);
  }

  // The table decides; nothing of it moves what a living holder works on.
  async #end(
    session: Session,
    verb: 'expire' | 'lapse',
    found: readonly (Held | undefined)[],
    nowMs: number,
    holdOf: (held: Held) => Hold = () => 'orphaned',
  ): Promise<number> {
    const writes = new Writes();
    const ended: Held[] = [];
    for (const held of found) {
      if (held === undefined) continue;
      const decision = decide(verb, held.shape, { hold: holdOf(held) });
      if (decision.move !== 'go') continue;
      writes.moved(held, held.shape.state, decision.next.state, nowMs);
      Object.assign(held, { shape: decision.next, updatedMs: nowMs, changed: true });
      ended.push(held);
    }
    await Promise.all(writes.send(session, this.#statements, ended, nobody, nobody));
    return ended.length;
  }

  async #dropAnswers(session: Session, terms: SweepTerms, rowsMax: number): Promise<number> {
    if (rowsMax === 0) return 0;
    const answer = await session.run(this.#texts.answers, [terms.nowMs - terms.replayWindowMs, rowsMax]);
    return answer.rowCount ?? 0;
  }

  // Looks at the next claims by seq. When all of them came into being less than the retention ago, those behind them need
  // no look: the next round begins at the front again.
  async #prune(
    session: Session,
    terms: SweepTerms,
    rowsMax: number,
  ): Promise<{ readonly pruned: number; readonly cursor: number; readonly more: boolean }> {
    if (rowsMax === 0) return { pruned: 0, cursor: this.#cursor, more: true };
    const { nowMs } = terms;
    const horizonMs = nowMs - terms.retentionMs;
    const { rows } = await session.run(this.#texts.page, [this.#cursor, rowsMax, horizonMs, nowMs]);
    const seqsIn = (states: readonly ClaimState[]): readonly number[] => {
      const numbers = states.map(stateNumber);
      return rows.flatMap(([seq, , over]) =>
        typeof over === 'number' && numbers.includes(over) ? [whole(seq, 'seq')] : [],
      );
    };
    await this.#lapse(session, seqsIn(lostOf), horizonMs, nowMs);
    const pruned = await this.#remove(session, seqsIn(doneWith), horizonMs, nowMs);
    // One of a clock that was ahead says nothing about those behind it.
    const young = (created: number): boolean => created >= horizonMs && created <= nowMs;
    const anyOther = rows.some(([, created]) => !young(whole(created, 'created')));
    const more = rows.length === rowsMax && anyOther;
    return { pruned, cursor: more ? whole(rows.at(-1)?.[0], 'seq') : 0, more };
  }

  async #lapse(session: Session, seqs: readonly number[], horizonMs: number, nowMs: number): Promise<void> {
    if (seqs.length === 0) return;
    const { rows } = await session.run(this.#texts.lapsing, [numbersArray(seqs), horizonMs, nowMs]);
    const orphaned = new Map(rows.map((raw) => [heldOf(raw), raw.at(-1) === true] as const));
    const holdOf = (held: Held): Hold => (orphaned.get(held) === true ? 'orphaned' : 'theirs');
    await this.#end(session, 'lapse', [...orphaned.keys()], nowMs, holdOf);
  }

  async #remove(
    session: Session,
    seqs: readonly number[],
    horizonMs: number,
    nowMs: number,
  ): Promise<number> {
    if (seqs.length === 0) return 0;
    const locked = await session.run(this.#texts.lock, [numbersArray(seqs), horizonMs, nowMs]);
    const gone = numbersArray(locked.rows.map(([seq]) => whole(seq, 'seq')));
    await Promise.all([
      session.run(this.#texts.removeEntries, [gone]),
      session.run(this.#texts.removeAnswers, [gone]),
      session.run(this.#texts.removeClaims, [gone]),
    ]);
    return locked.rows.length;
  }

  // Adds up the books of dead holders under nobody, and forgets them: who has no row is dead. Each of their transactions
  // has ended, or they could not have been fenced.
  async #clearHolders(session: Session): Promise<void> {
    const [, fenced] = await Promise.all([
      session.run(this.#texts.fenceForgotten, [forgottenMs]),
      session.run(this.#texts.fenced, [holdersMax]),
    ]);
    if (fenced.rows.length === 0) return;
    const ids = numbersArray(fenced.rows.map(([id]) => whole(id, 'holder')));
    await Promise.all([session.run(this.#texts.fold, [ids]), session.run(this.#texts.forget, [ids])]);
  }
}

// A damaged claim is left as it is, for a person to look at.
function heldOf(raw: readonly unknown[]): Held | undefined {
  const held = unknownHeld(whole(raw[0], 'seq'));
  try {
    takeLocked(held, raw);
    return held;
  } catch (error) {
    if (error instanceof DamagedRow) return undefined;
    throw error;
  }
}
