import type Database from 'libsql';
import type { Sweep } from '../front/operations.js';
import { DamagedRow } from '../front/rows.js';
import type { Swept } from '../ledger.js';
import { stateNumber } from '../transitions.js';
import type { AnswerCursor } from './answers.js';
import type { GoneClaim } from './claims.js';
import { columnsOf } from './columns.js';
import { blockOf } from './key-blocks.js';
import type { Tables, Verbs } from './verbs.js';

/** A claim that a sweep has looked at. */
interface Looked {
  readonly seq: number;
  /** It is too young for this and all later ones to leave; not one of a clock that was ahead. */
  readonly young: boolean;
  /** Its answer did not leave completely, as far as it says, and the time to come for it is over. */
  readonly lapsing: boolean;
  /** What leaves, where it may. */
  readonly leaving: GoneClaim | undefined;
}

/**
 * Housekeeping in bounded steps, each in the transaction of a batch: credits expire, answers and claims leave, and what was
 * cut off so long ago is used up. Claims are walked in the order of `seq`, from where the step before ended; a walk ends where claims are too young, and the next
 * one begins at the first claim again. The last claim of all never leaves: it is what the next number is counted from.
 *
 * The caller tells the end of the transaction by {@link committed} or {@link rolledBack}.
 */
export class Sweeper {
  readonly #tables: Tables;
  readonly #verbs: Verbs;
  readonly #credits: Database.Statement;
  readonly #page: Database.Statement;
  readonly #deletes: readonly Database.Statement[];
  // Where the walks are, and where they were before the transaction under way.
  #at: Cursors = { credit: noCredit, answer: noAnswer, prune: noPrune };
  #before: Cursors = this.#at;

  constructor(db: Database.Database, tables: Tables, verbs: Verbs) {
    this.#tables = tables;
    this.#verbs = verbs;
    this.#credits = db
      .prepare(
        `SELECT updated, seq FROM claim
         WHERE state = ${stateNumber('released')} AND (updated, seq) > (?, ?) AND updated < ?
         ORDER BY updated, seq LIMIT ?`,
      )
      .raw();
    const done = [stateNumber('answered'), stateNumber('expired'), stateNumber('refunded')].join(', ');
    const lost = [stateNumber('delivered'), stateNumber('cut')].join(', ');
    const over = 'updated < ?1 AND expires < ?2';
    this.#page = db
      .prepare(
        `SELECT seq, state IN (${done}) AND ${over}, created BETWEEN ?1 AND ?2, challenge, reference, state IN (${lost}) AND ${over}
         FROM claim WHERE seq > ?3 ORDER BY seq LIMIT ?4`,
      )
      .raw();
    this.#deletes = ['claim WHERE seq', 'answer WHERE seq', 'entry WHERE claim'].map((where) =>
      db.prepare(`DELETE FROM ${where} BETWEEN ? AND ?`),
    );
  }

  /** One step. */
  step(terms: Sweep): Swept {
    const credits = this.#expire(terms, terms.rowsMax);
    const afterCredits = terms.rowsMax - credits.rows;
    const answers = this.#dropAnswers(terms, afterCredits);
    const claims = this.#prune(terms, afterCredits - answers.looked);
    const more = credits.rows + answers.looked + claims.looked >= terms.rowsMax;
    // Within one sweep the answers that stay are looked at once, however many steps the claims take.
    if (!more) this.#at = { ...this.#at, answer: noAnswer };
    return { expired: credits.expired, answers: answers.dropped, pruned: claims.pruned, more };
  }

  /** The transaction is durable. */
  committed(): void {
    this.#before = this.#at;
  }

  /** The transaction was rolled back: what it did must be done again. */
  rolledBack(): void {
    this.#at = this.#before;
  }

  #expire({ nowMs, redemptionWindowMs }: Sweep, rowsMax: number): { rows: number; expired: number } {
    const { updated, seq } = this.#at.credit;
    const found = this.#credits.all([updated, seq, nowMs - redemptionWindowMs, rowsMax]);
    let expired = 0;
    let credit = noCredit;
    for (const raw of found) {
      const [touched, claim] = columnsOf(raw);
      if (typeof touched !== 'number' || typeof claim !== 'number') continue;
      credit = { updated: touched, seq: claim };
      if (this.#ended('expire', claim, nowMs)) expired++;
    }
    this.#at = { ...this.#at, credit: found.length < rowsMax ? noCredit : credit };
    return { rows: found.length, expired };
  }

  // A damaged claim stays as it is, and does not stand in the way of the others.
  #ended(verb: 'expire' | 'lapse', seq: number, nowMs: number): boolean {
    try {
      return this.#verbs.end(verb, seq, nowMs);
    } catch (error) {
      if (error instanceof DamagedRow) return false;
      throw error;
    }
  }

  // What did not leave completely may be asked for as long as its claim stands: its answer stays.
  #dropAnswers({ nowMs, replayWindowMs }: Sweep, rowsMax: number): { looked: number; dropped: number } {
    const { answers, begin } = this.#tables;
    const found = answers.old(this.#at.answer, nowMs - replayWindowMs, rowsMax);
    const done = found.filter((answer) => answer.done);
    if (done.length > 0) begin();
    for (const { seq } of done) answers.remove(seq);
    const answer = found.length < rowsMax ? allAnswers : (found.at(-1) ?? this.#at.answer);
    this.#at = { ...this.#at, answer };
    return { looked: found.length, dropped: done.length };
  }

  #prune({ nowMs, retentionMs }: Sweep, rowsMax: number): { looked: number; pruned: number } {
    if (rowsMax === 0) return { looked: 0, pruned: 0 };
    const { prune } = this.#at;
    const found = this.#page.all([nowMs - retentionMs, nowMs, prune.seq, rowsMax]).map(lookedAt);
    let { block } = prune;
    let living = [...prune.living];
    const leaving: GoneClaim[] = [];
    for (const claim of found) {
      if (blockOf(claim.seq) !== block) {
        this.#endBlock(block, living, blockOf(claim.seq));
        block = blockOf(claim.seq);
        living = [];
      }
      if (claim.lapsing) this.#ended('lapse', claim.seq, nowMs);
      if (claim.leaving === undefined || claim.seq === this.#tables.claims.lastSeq) living.push(claim.seq);
      else leaving.push(claim.leaving);
    }
    this.#remove(leaving);
    const last = found.at(-1);
    const over = last === undefined || found.length < rowsMax || found.every(({ young }) => young);
    this.#at = { ...this.#at, prune: over ? noPrune : { seq: last.seq, block, living } };
    return { looked: over ? 0 : found.length, pruned: leaving.length };
  }

  // The walk has gone on to another block: should fewer claims be here than there are keys, the others are forgotten.
  #endBlock(block: number, living: readonly number[], next: number): void {
    const { claims, begin } = this.#tables;
    const { blocks } = claims;
    if (blocks.anyBetween(block, next)) {
      begin();
      blocks.removeBetween(block, next);
    }
    const count = block < 0 ? undefined : blocks.countOf(block);
    if (count === undefined || count <= living.length) return;
    begin();
    blocks.keep(block, living);
  }

  // Neighbours at once: claims that came together leave together.
  #remove(leaving: readonly GoneClaim[]): void {
    if (leaving.length === 0) return;
    this.#tables.begin();
    let first = 0;
    for (let next = 1; next <= leaving.length; next++) {
      const [from, to] = [leaving[first]?.seq, leaving[next - 1]?.seq];
      if (from === undefined || to === undefined || leaving[next]?.seq === to + 1) continue;
      for (const statement of this.#deletes) statement.run([from, to]);
      first = next;
    }
    for (const claim of leaving) this.#tables.claims.left(claim);
  }
}

interface Cursors {
  readonly credit: { readonly updated: number; readonly seq: number };
  readonly answer: AnswerCursor;
  /** `living`: the claims of `block` that the walk has met and left where they are. */
  readonly prune: { readonly seq: number; readonly block: number; readonly living: readonly number[] };
}

const noCredit: Cursors['credit'] = { updated: -1, seq: 0 };
const noAnswer: AnswerCursor = { storedMs: -1, seq: 0 };
const allAnswers: AnswerCursor = { storedMs: Number.MAX_SAFE_INTEGER, seq: 0 };
const noPrune: Cursors['prune'] = { seq: 0, block: -1, living: [] };

// A damaged claim stays as it is, and does not stand in the way of the others.
function lookedAt(raw: unknown): Looked {
  const [seq, prunable, young, challenge, reference, lapsing] = columnsOf(raw);
  if (typeof seq !== 'number') throw new Error('a claim has no number');
  const isText = typeof reference === 'string';
  const readable = challenge instanceof Uint8Array && (isText || reference instanceof Uint8Array);
  const leaving =
    prunable === 1 && readable
      ? { seq, challenge: Buffer.from(challenge), reference: isText ? reference : Buffer.from(reference) }
      : undefined;
  return { seq, young: young === 1, lapsing: lapsing === 1, leaving };
}
