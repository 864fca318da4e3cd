import { keptAnswerOf } from '../front/answers.js';
import { type Outcome, RedeliveryNumber } from '../front/messages.js';
import {
  type Abandon,
  type Advance,
  type Enter,
  isAdvance,
  isEnter,
  type Operation,
} from '../front/operations.js';
import { conflictOutcome, contained, doneOutcome, isSamePayment, takenOutcome } from '../front/outcomes.js';
import { assertPossible, claimOf, DamagedRow, whole } from '../front/rows.js';
import type { Claim, KeptAnswer } from '../ledger.js';
import {
  type ClaimShape,
  type Decision,
  decide,
  type Hold,
  isHeld,
  type Place,
  placeOf,
} from '../transitions.js';
import {
  currentRow,
  type Held,
  type NewHeldTerms,
  newHeld,
  readRowOf,
  takeLocked,
  takeRead,
  unknownHeld,
  Vanished,
} from './held.js';
import type { Holds } from './holds.js';
import { Writes } from './writes.js';

/** Who looks, and what is known beforehand. */
export interface Viewer extends NewHeldTerms {
  readonly holds: Holds;
}

/**
 * What one transaction knows of the claims that its batch speaks of, and the decisions on them: by the transition table,
 * in the order of the batch. Talks to nobody.
 */
export class View {
  /** What {@link decide} has decided to write. */
  readonly writes = new Writes();
  /** What is known of holders. */
  readonly holds: Holds;
  readonly #viewer: Viewer;
  readonly #inserted = new Map<number, number>();
  readonly #insertedSeqs = new Set<number>();
  readonly #bySeq = new Map<number, Held>();
  readonly #byChallenge = new Map<string, Held>();
  readonly #byReference = new Map<string, Held>();
  readonly #answers = new Map<number, KeptAnswer | DamagedRow>();

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
    this.holds = viewer.holds;
  }

  /** The operation at this place of the batch has become a claim. */
  inserted(at: number, seq: number): void {
    this.#inserted.set(at, seq);
    this.#insertedSeqs.add(seq);
  }

  /** True when {@link inserted} was told so. */
  wasInserted(at: number): boolean {
    return this.#inserted.has(at);
  }

  /**
   * A claim as the statement `read` gives it. Returns where it stands and by which challenge; undefined when it is damaged,
   * or when it is one that this batch has appended: for the operations before that one it is not there yet.
   */
  read(
    raw: readonly unknown[],
  ): { readonly seq: number; readonly challengeId: string; readonly place: Place } | undefined {
    const seq = whole(raw[0], 'seq');
    if (this.#insertedSeqs.has(seq)) return undefined;
    const read = readRowOf(raw);
    const held = this.#held(seq);
    if (read.challenge !== undefined) this.#byChallenge.set(read.challenge, held);
    if (read.reference !== undefined) this.#byReference.set(read.reference, held);
    try {
      const row = takeRead(held, read);
      if (isHeld(row.state)) this.holds.learn(row.holder, read.standing);
      return { seq, challengeId: row.challengeId, place: this.#placeOf(held) };
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      held.damage = error;
      return undefined;
    }
  }

  /** A claim as the statement `lock` gives it: from here on nobody else changes it. Returns its seq. */
  locked(raw: readonly unknown[]): number {
    const seq = whole(raw[0], 'seq');
    const held = this.#held(seq);
    try {
      takeLocked(held, raw);
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      held.damage = error;
    }
    return seq;
  }

  /** The holders of claims that are held, of whom nothing is known yet. */
  unknownHolders(): readonly number[] {
    const unknown = new Set<number>();
    for (const { damage, shape, holder } of this.#bySeq.values()) {
      if (damage === undefined && isHeld(shape.state) && !this.holds.knows(holder)) unknown.add(holder);
    }
    return [...unknown];
  }

  /** An answer that is kept, or what is wrong with it. */
  answer(seq: number, answer: KeptAnswer | DamagedRow): void {
    this.#answers.set(seq, answer);
  }

  /**
   * Decides every operation, in order.
   *
   * @throws {Vanished} @throws {MustFence} both: begin anew
   */
  decide(operations: readonly Operation[]): readonly Outcome[] {
    const outcomes = operations.map((operation, at) => contained(() => this.#one(operation, at)));
    this.holds.assertDead();
    return outcomes;
  }

  /** The claims that were appended or changed, by seq. */
  touched(): readonly Held[] {
    const touched = [...this.#bySeq.values()].filter(
      ({ changed, seq }) => changed || this.#insertedSeqs.has(seq),
    );
    return touched.sort((a, b) => a.seq - b.seq);
  }

  #one(operation: Operation, at: number): Outcome {
    if (isEnter(operation)) return this.#enter(operation, at);
    if (isAdvance(operation)) return this.#advance(operation);
    switch (operation.verb) {
      case 'abandon':
        return this.#abandon(operation);
      case 'find': {
        const held = this.#byChallenge.get(operation.challengeId);
        return { kind: 'found', claim: held && this.#claimOf(held, operation.key) };
      }
      case 'answer':
        return { kind: 'answer', answer: this.#answerOf(operation.seq) };
      default:
        throw new TypeError(`${operation.verb} is done on a connection of its own`);
    }
  }

  #held(seq: number): Held {
    const known = this.#bySeq.get(seq);
    if (known !== undefined) return known;
    const held = unknownHeld(seq);
    this.#bySeq.set(seq, held);
    return held;
  }

  #holdOf({ holder }: Held): Hold {
    return this.holds.of(holder);
  }

  #placeOf(held: Held): Place {
    return placeOf(held.shape.state, this.#holdOf(held));
  }

  #enter(operation: Enter, at: number): Outcome {
    const { challengeId, reference, key } = operation;
    const seq = this.#inserted.get(at);
    if (seq !== undefined) return this.#enterNew(operation, seq);
    const held = this.#byChallenge.get(challengeId);
    if (held !== undefined) {
      return isSamePayment(currentRow(held), operation, this.#viewer.kindOf(operation.kind))
        ? this.#move(operation, held)
        : takenOutcome('challenge', this.#claimOf(held, key));
    }
    const other = this.#byReference.get(reference);
    if (other !== undefined) return takenOutcome('reference', this.#claimOf(other, key));
    throw new Vanished('a claim was removed while it was being looked at');
  }

  #enterNew(operation: Enter, seq: number): Outcome {
    const { challengeId, reference, nowMs, answer } = operation;
    const shape = shapeOfNew(operation);
    const held = newHeld(seq, operation, shape, this.#viewer);
    this.#bySeq.set(seq, held);
    this.#byChallenge.set(challengeId, held);
    this.#byReference.set(reference, held);
    this.writes.moved(held, undefined, shape.state, nowMs);
    if (answer !== undefined) this.#keep(held, nowMs, answer);
    return seq;
  }

  #advance(operation: Advance): Outcome {
    const { verb, seq } = operation;
    const held = this.#bySeq.get(seq);
    if (held !== undefined) return this.#move(operation, held);
    return decide(verb, undefined, { hold: 'mine' }).move === 'no'
      ? RedeliveryNumber.no
      : conflictOutcome(verb, seq, undefined);
  }

  #abandon(operation: Abandon): Outcome {
    const held = this.#byChallenge.get(operation.challengeId);
    return held === undefined ? doneOutcome('abandon', 0) : this.#move(operation, held);
  }

  #move(operation: Enter | Advance | Abandon, held: Held): Outcome {
    if (held.damage !== undefined) throw held.damage;
    const { verb } = operation;
    const decision = this.#decide(operation, held);
    switch (decision.move) {
      case 'go':
        assertPossible(decision.next, held.seq);
        this.#go(operation, held, decision.next);
        return doneOutcome(verb, held.seq);
      case 'keep':
        return doneOutcome(verb, held.seq);
      case 'taken':
        return takenOutcome('challenge', this.#claimOf(held, isEnter(operation) ? operation.key : undefined));
      case 'no':
        return RedeliveryNumber.no;
      case 'busy':
        return RedeliveryNumber.busy;
      case 'conflict':
        return conflictOutcome(verb, held.seq, held.shape);
    }
  }

  #decide(operation: Enter | Advance | Abandon, held: Held): Decision {
    const terms = { hold: this.#holdOf(held) };
    if (!isAdvance(operation)) return decide(operation.verb, held.shape, terms);
    const { redeliveriesMax, byUpstream } = operation;
    return decide(operation.verb, held.shape, { ...terms, redeliveriesMax, byUpstream });
  }

  #go(operation: Enter | Advance | Abandon, held: Held, next: ClaimShape): void {
    const { nowMs } = operation;
    const from = held.shape.state;
    if (isHeld(from)) this.holds.takeFrom(held.holder);
    this.writes.moved(held, from, next.state, nowMs);
    held.shape = next;
    held.holder = this.#viewer.holder;
    held.updatedMs = nowMs;
    held.changed = true;
    // A newer key over an older one.
    if (isEnter(operation) && operation.key !== undefined) held.key = operation.key;
    if ('answer' in operation && operation.answer !== undefined) this.#keep(held, nowMs, operation.answer);
  }

  #keep(held: Held, nowMs: number, answer: Parameters<Writes['keep']>[2]): void {
    this.writes.keep(held.seq, nowMs, answer);
    held.answerKept = true;
  }

  #answerOf(seq: number): KeptAnswer | undefined {
    const fresh = this.writes.kept(seq);
    if (fresh !== undefined) {
      return keptAnswerOf({
        seq,
        stored: fresh.storedMs,
        status: fresh.status,
        headers: fresh.headers,
        body: fresh.body,
      });
    }
    const answer = this.#answers.get(seq);
    if (answer instanceof DamagedRow) throw answer;
    return answer;
  }

  #claimOf(held: Held, key: Uint8Array | undefined): Claim {
    return claimOf(currentRow(held), { hold: this.#holdOf(held), key, answerKept: held.answerKept });
  }
}

/** The shape of a claim that is entered where none was. */
export function shapeOfNew({ verb }: Enter): ClaimShape {
  const decision = decide(verb, undefined, { hold: 'mine' });
  if (decision.move !== 'go') throw new Error(`the transition table lets ${verb} enter no claim`);
  return decision.next;
}
