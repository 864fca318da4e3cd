import { type Outcome, RedeliveryNumber } from '../front/messages.js';
import type { Abandon, Advance, Enter, Find, NewAnswer, ReadAnswer } from '../front/operations.js';
import { conflictOutcome, contained, doneOutcome, isSamePayment, takenOutcome } from '../front/outcomes.js';
import { claimOf } from '../front/rows.js';
import type { Claim } from '../ledger.js';
import { type ClaimShape, type Decision, decide, type Hold, type Verb } from '../transitions.js';
import type { Answers } from './answers.js';
import type { Books } from './books.js';
import type { Claims } from './claims.js';
import type { SqliteRow } from './columns.js';
import { type HashKey, type Key, keyOf, keyOfChallenge, keyOfReference } from './keys.js';
import type { Kinds } from './kinds.js';
import { PlainEnter } from './packing.js';

/** What the verbs work on. */
export interface Tables {
  readonly claims: Claims;
  readonly kinds: Kinds;
  readonly books: Books;
  readonly answers: Answers;
  /** Who moves claims: this opening of the ledger. */
  readonly holder: number;
  /** Begins the batch's transaction unless it has begun. */
  begin(): void;
}

/** What comes with a verb, for the claim that it moves. */
interface With {
  readonly nowMs: number;
  readonly key?: Buffer | undefined;
  readonly answer?: NewAnswer | undefined;
}

/** The verbs on one claim, each decided by the table of transitions. All within the batch's transaction. */
export class Verbs {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /**
   * claim, deliver, release: the verbs that a request comes with, and that may find no claim yet.
   *
   * @param settle writes what was kept back, before a claim is looked at that exists; false when there was nothing
   */
  enter(operation: Enter | PlainEnter, settle: () => boolean): Outcome {
    const { claims, kinds } = this.#tables;
    const { verb } = operation;
    return contained(() => {
      const { challenge, payment } = keysOf(operation);
      const found = claims.ofChallenge(challenge);
      if (found !== undefined) {
        const row = (settle() ? claims.at(found.seq) : undefined) ?? found;
        return isSamePayment(row, operation, kinds.named(operation.kind))
          ? this.#move(verb, row, decide(verb, row, { hold: this.#holdOf(row) }), operation)
          : takenOutcome('challenge', this.#shown(row, operation.key));
      }
      const other = claims.ofReference(payment);
      if (other !== undefined) {
        const row = (settle() ? claims.at(other.seq) : undefined) ?? other;
        return takenOutcome('reference', this.#shown(row, operation.key));
      }
      const decision = decide(verb, undefined, { hold: 'mine' });
      if (decision.move !== 'go') return conflictOutcome(verb, 0, undefined);
      return this.#insert(operation, { challenge, reference: payment }, decision.next);
    });
  }

  /** The verbs that name a claim by its seq. */
  advance(operation: Advance): Outcome {
    const { verb, seq, redeliveriesMax, byUpstream } = operation;
    return contained(() => {
      const row = this.#tables.claims.at(seq);
      const terms =
        row === undefined
          ? { hold: 'mine' as const }
          : { hold: this.#holdOf(row), redeliveriesMax, byUpstream };
      const decision = decide(verb, row, terms);
      if (row !== undefined) return this.#move(verb, row, decision, operation);
      return decision.move === 'no' ? RedeliveryNumber.no : conflictOutcome(verb, seq, undefined);
    });
  }

  /** abandon: absent is well. */
  abandon({ challengeId, nowMs }: Abandon): Outcome {
    return contained(() => {
      const row = this.#tables.claims.ofChallenge(keyOfChallenge(challengeId));
      if (row === undefined) return 0;
      return this.#move('abandon', row, decide('abandon', row, { hold: this.#holdOf(row) }), { nowMs });
    });
  }

  /** Housekeeping: the time of a credit, or of an answer that was lost, is over. False when it is neither any more. */
  end(verb: 'expire' | 'lapse', seq: number, nowMs: number): boolean {
    const row = this.#tables.claims.at(seq);
    if (row === undefined) return false;
    const decision = decide(verb, row, { hold: this.#holdOf(row) });
    if (decision.move !== 'go') return false;
    this.#move(verb, row, decision, { nowMs });
    return true;
  }

  find({ challengeId, key }: Find): Outcome {
    return contained(() => {
      const row = this.#tables.claims.ofChallenge(keyOfChallenge(challengeId));
      return { kind: 'found', claim: row === undefined ? undefined : this.#shown(row, key) };
    });
  }

  answer({ seq }: ReadAnswer): Outcome {
    return contained(() => ({ kind: 'answer', answer: this.#tables.answers.get(seq) }));
  }

  #insert(
    operation: Enter,
    keys: { readonly challenge: HashKey; readonly reference: Key },
    shape: ClaimShape,
  ): number {
    const { begin, kinds, claims, books } = this.#tables;
    const { paid, resource, expiresMs, nowMs, key, rate } = operation;
    begin();
    const kindId = kinds.idOf(operation.kind);
    const { challenge, reference } = keys;
    const claim = { challenge, reference, kindId, paid, resource, expiresMs, nowMs, key, rate };
    const seq = claims.insert(claim, shape);
    books.moved({ seq, kindId, paid }, undefined, shape.state, nowMs);
    this.#keep(seq, shape, operation);
    return seq;
  }

  #move(verb: Verb, row: SqliteRow, decision: Decision, what: With): Outcome {
    switch (decision.move) {
      case 'go': {
        const { begin, claims, books } = this.#tables;
        const { seq, kind, paid, state } = row;
        const { next } = decision;
        begin();
        claims.update(row, next, what.nowMs, what.key);
        books.moved({ seq, kindId: kind.id, paid }, state, next.state, what.nowMs);
        this.#keep(seq, next, what);
        return doneOutcome(verb, seq);
      }
      case 'keep':
        return doneOutcome(verb, row.seq);
      case 'taken':
        return takenOutcome('challenge', this.#shown(row, what.key));
      case 'no':
        return RedeliveryNumber.no;
      case 'busy':
        return RedeliveryNumber.busy;
      case 'conflict':
        return conflictOutcome(verb, row.seq, row);
    }
  }

  #keep(seq: number, shape: ClaimShape, { nowMs, answer }: With): void {
    if (answer !== undefined && shape.state === 'delivered') this.#tables.answers.put(seq, nowMs, answer);
  }

  // One writer, and each opening is a holder of its own: whoever is not this one has ended.
  #holdOf({ holder }: SqliteRow): Hold {
    return holder === this.#tables.holder ? 'mine' : 'orphaned';
  }

  #shown(row: SqliteRow, key: Uint8Array | undefined): Claim {
    const answerKept = this.#tables.answers.has(row.seq);
    return claimOf(row, { hold: this.#holdOf(row), key, answerKept });
  }
}

function keysOf(operation: Enter | PlainEnter): { readonly challenge: HashKey; readonly payment: Key } {
  return operation instanceof PlainEnter
    ? { challenge: keyOf(operation.challenge), payment: keyOf(operation.payment) }
    : { challenge: keyOfChallenge(operation.challengeId), payment: keyOfReference(operation.reference) };
}
