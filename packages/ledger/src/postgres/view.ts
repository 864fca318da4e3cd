import type { Kind } from '../sqlite/kinds.js';
import type { Outcome } from '../sqlite/messages.js';
import { assertPossible, claimOf, DamagedRow, type Row, readRow, whole } from '../sqlite/rows.js';
import {
  type ClaimShape,
  type Decision,
  decide,
  type Standing,
  standingOfNumber,
  type Verb,
} from '../transitions.js';
import { challengeOfStored, referenceOfStored } from './keys.js';
import { type Advance, type Enter, isAdvance, isEnter, type Operation } from './operations.js';

/** A claim as a transaction knows it. What never changes of it is in `row`; what may, in `shape`. */
interface Held {
  readonly seq: number;
  row: Row | undefined;
  shape: ClaimShape;
  updatedMs: number;
  /** Hash of the `Idempotency-Key`. */
  key: Uint8Array | undefined;
  changed: boolean;
  /** Why nothing may be said of it. */
  damage: DamagedRow | undefined;
}

/** A claim's next shape, to be written. */
export interface Change {
  readonly seq: number;
  readonly shape: ClaimShape;
  readonly nowMs: number;
  /** Hash of the newest `Idempotency-Key`; undefined where there never was one. */
  readonly key: Buffer | undefined;
}

/** A claim that PostgreSQL says is there could not be found: it was removed meanwhile. The batch is tried again. */
export class Vanished extends Error {
  override readonly name = 'Vanished';
}

/**
 * What one transaction knows of the claims that its batch speaks of, and the decisions on them: by the transition table,
 * in the order of the batch. Talks to nobody.
 */
export class View {
  readonly #kindOf: (number: number) => Kind;
  readonly #inserted = new Map<number, number>();
  readonly #insertedSeqs = new Set<number>();
  readonly #bySeq = new Map<number, Held>();
  readonly #byChallenge = new Map<string, Held>();
  readonly #byReference = new Map<string, Held>();

  /** @param kindOf the kind behind the caller's number */
  constructor(kindOf: (number: number) => Kind) {
    this.#kindOf = kindOf;
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
   * A claim as the statement `read` gives it. Returns where it stands; undefined when it is damaged, or when it is one
   * that this batch has appended: for the operations before that one it is not there yet.
   */
  read(raw: readonly unknown[]): { readonly seq: number; readonly standing: Standing } | undefined {
    const seq = whole(raw[0], 'seq');
    if (this.#insertedSeqs.has(seq)) return undefined;
    const challenge = challengeOfStored(raw[9]);
    const reference = referenceOfStored(raw[10]);
    const held = this.#held(seq);
    if (challenge !== undefined) this.#byChallenge.set(challenge, held);
    if (reference !== undefined) this.#byReference.set(reference, held);
    try {
      if (challenge === undefined) throw new DamagedRow(`Claim ${seq} has no challenge id.`);
      if (reference === undefined) throw new DamagedRow(`Claim ${seq} has no payment reference.`);
      const row = { ...readRow(readable(raw), () => storedKind(raw)), challengeId: challenge, reference };
      held.row = row;
      held.shape = row;
      held.updatedMs = row.updatedMs;
      held.key = row.key;
      return { seq, standing: row.standing };
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
      const standing = standingOfNumber(whole(raw[1], 'state'));
      if (standing === undefined) throw new DamagedRow(`Claim ${seq} is in no known state.`);
      const shape = {
        standing,
        attempts: whole(raw[2], 'attempts'),
        redeliveries: whole(raw[3], 'redeliveries'),
      };
      assertPossible(shape, seq);
      held.shape = shape;
      held.updatedMs = whole(raw[4], 'updated');
      held.key = raw[5] instanceof Uint8Array ? raw[5] : undefined;
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      held.damage = error;
    }
    return seq;
  }

  /**
   * Decides every operation, in order.
   *
   * @throws {Vanished}
   */
  decide(operations: readonly Operation[]): readonly Outcome[] {
    return operations.map((operation, at) => {
      try {
        if (isEnter(operation)) return this.#enter(operation, at);
        if (isAdvance(operation)) return this.#advance(operation);
        const held = this.#byChallenge.get(operation.challengeId);
        return { kind: 'found', claim: held === undefined ? undefined : claimOf(rowOf(held)) };
      } catch (error) {
        if (error instanceof DamagedRow) return { kind: 'damaged', detail: error.message };
        throw error;
      }
    });
  }

  /** What {@link decide} changed, by seq. */
  changes(): readonly Change[] {
    const changes: Change[] = [];
    for (const { changed, seq, shape, updatedMs, key } of this.#bySeq.values()) {
      if (changed) changes.push({ seq, shape, nowMs: updatedMs, key: key && Buffer.from(key) });
    }
    return changes.sort((a, b) => a.seq - b.seq);
  }

  #held(seq: number): Held {
    const known = this.#bySeq.get(seq);
    if (known !== undefined) return known;
    const held: Held = {
      seq,
      row: undefined,
      shape: absent,
      updatedMs: 0,
      key: undefined,
      changed: false,
      damage: undefined,
    };
    this.#bySeq.set(seq, held);
    return held;
  }

  #enter(operation: Enter, at: number): Outcome {
    const { verb, challengeId, reference, paid } = operation;
    const seq = this.#inserted.get(at);
    if (seq !== undefined) return this.#enterNew(operation, seq);
    const held = this.#byChallenge.get(challengeId);
    if (held !== undefined) {
      // One challenge, one payment: a second payment for it, or another amount, is never let in by the first one's state.
      const row = rowOf(held);
      const kind = this.#kindOf(operation.kind);
      const same =
        row.reference === reference &&
        row.paid === paid &&
        row.kind.method === kind.method &&
        row.kind.currency === kind.currency;
      return same ? move(operation, held, decide(verb, held.shape)) : taken('challenge', row);
    }
    const other = this.#byReference.get(reference);
    if (other !== undefined) return taken('reference', rowOf(other));
    throw new Vanished('a claim was removed while it was being looked at');
  }

  #enterNew(operation: Enter, seq: number): Outcome {
    const { challengeId, reference, paid, resource, nowMs, key } = operation;
    const held = this.#held(seq);
    held.shape = shapeOfNew(operation);
    held.updatedMs = nowMs;
    held.key = key;
    const kind = this.#kindOf(operation.kind);
    const times = { createdMs: nowMs, updatedMs: nowMs };
    held.row = { seq, kind, paid, challengeId, reference, resource, key, ...held.shape, ...times };
    this.#byChallenge.set(challengeId, held);
    this.#byReference.set(reference, held);
    return seq;
  }

  #advance(operation: Advance): Outcome {
    const { verb, seq, redeliveriesMax, key } = operation;
    const held = this.#bySeq.get(seq);
    if (held !== undefined) {
      if (held.damage !== undefined) throw held.damage;
      const keyMatches = key !== undefined && held.key !== undefined && key.equals(held.key);
      return move(operation, held, decide(verb, held.shape, redeliveriesMax, keyMatches));
    }
    if (decide(verb, undefined).move === 'no') return 0;
    return { kind: 'conflict', detail: `claim ${seq} does not exist, so it cannot be ${verb}` };
  }
}

/** The shape of a claim that is entered where none was. */
export function shapeOfNew({ verb }: Enter): ClaimShape {
  const decision = decide(verb, undefined);
  if (decision.move !== 'go') throw new Error(`the transition table lets ${verb} enter no claim`);
  return decision.next;
}

const absent: ClaimShape = { standing: 'claimed', attempts: 0, redeliveries: 0 };

function move(operation: Enter | Advance, held: Held, decision: Decision): Outcome {
  const { verb, nowMs } = operation;
  const { seq, shape } = held;
  switch (decision.move) {
    case 'go':
      assertPossible(decision.next, seq);
      held.shape = decision.next;
      held.updatedMs = nowMs;
      // A newer key over an older one; redelivery is asked for with a key, it gives none.
      if (isEnter(operation) && operation.key !== undefined) held.key = operation.key;
      held.changed = true;
      return okOf(verb, seq);
    case 'keep':
      return okOf(verb, seq);
    case 'taken':
      return taken('challenge', rowOf(held));
    case 'no':
      return 0;
    case 'conflict':
      return {
        kind: 'conflict',
        detail: `claim ${seq} is ${shape.standing}: the verb "${verb}" does not apply`,
      };
  }
}

// The claim as it is now: what was read of it, with what was locked or decided since.
function rowOf(held: Held): Row {
  if (held.damage !== undefined) throw held.damage;
  if (held.row === undefined) throw new Vanished('a claim was locked without having been read');
  const { standing, attempts, redeliveries } = held.shape;
  return { ...held.row, standing, attempts, redeliveries, updatedMs: held.updatedMs, key: held.key };
}

function taken(by: 'challenge' | 'reference', row: Row): Outcome {
  return { kind: 'taken', by, claim: claimOf(row) };
}

function okOf(verb: Verb, seq: number): number {
  if (verb === 'redeliver') return 1;
  return verb === 'settle' || verb === 'answered' ? 0 : seq;
}

// As SQLite's reader of rows wants it: references untagged.
function readable(raw: readonly unknown[]): readonly unknown[] {
  const row = raw.slice(0, 13);
  const reference = raw[10];
  if (reference instanceof Uint8Array) {
    const bytes = reference.subarray(1);
    row[10] = reference[0] === 1 ? bytes : Buffer.from(bytes).toString('latin1');
  }
  return row;
}

function storedKind(raw: readonly unknown[]): Kind | undefined {
  const [method, intent, currency, route] = raw.slice(13);
  if (typeof method !== 'string' || typeof intent !== 'string') return undefined;
  if (typeof currency !== 'string' || typeof route !== 'string') return undefined;
  return { method, intent, currency, route };
}
