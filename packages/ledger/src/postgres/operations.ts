import { Fields } from '../sqlite/fields.js';
import { idempotencyHash } from '../sqlite/keys.js';
import { type Field, Op, type OpCode } from '../sqlite/messages.js';

/** claim, deliver or release: comes with a request, and may find no claim yet. */
export interface Enter {
  readonly verb: 'claim' | 'deliver' | 'release';
  /** The caller's number for its kind. */
  readonly kind: number;
  readonly challengeId: string;
  readonly reference: string;
  readonly paid: bigint;
  readonly resource: string;
  readonly expiresMs: number;
  readonly nowMs: number;
  /** Hash of the `Idempotency-Key`. */
  readonly key: Buffer | undefined;
}

/** settle, answered or redeliver: names a claim by its seq. */
export interface Advance {
  readonly verb: 'settle' | 'answered' | 'redeliver';
  readonly seq: number;
  readonly redeliveriesMax: number;
  readonly nowMs: number;
  /** Hash of the `Idempotency-Key`; only `redeliver` has one. */
  readonly key: Buffer | undefined;
}

/** Reads the claim of a challenge. */
export interface Find {
  readonly verb: 'find';
  readonly challengeId: string;
}

/** One operation of a batch. */
export type Operation = Enter | Advance | Find;

/** True for {@link Enter}. */
export function isEnter(operation: Operation): operation is Enter {
  return 'reference' in operation;
}

/** True for {@link Advance}. */
export function isAdvance(operation: Operation): operation is Advance {
  return 'seq' in operation;
}

/** Reads a batch's flat array. */
export function operationsOf(batch: readonly Field[]): readonly Operation[] {
  const fields = new Fields(batch);
  const operations: Operation[] = [];
  for (let op = fields.op(); op !== undefined; op = fields.op()) operations.push(one(op, fields));
  return operations;
}

function one(op: OpCode, fields: Fields): Operation {
  switch (op) {
    case Op.claim:
      return enter('claim', fields);
    case Op.deliver:
      return enter('deliver', fields);
    case Op.release:
      return enter('release', fields);
    case Op.settle:
      return advance('settle', fields);
    case Op.answered:
      return advance('answered', fields);
    case Op.redeliver: {
      const [seq, redeliveriesMax, nowMs] = [fields.number(), fields.number(), fields.number()];
      return { verb: 'redeliver', seq, redeliveriesMax, nowMs, key: idempotencyHash(fields.text()) };
    }
    case Op.find:
      return { verb: 'find', challengeId: fields.text() };
    case Op.totals:
      throw new TypeError('totals are read on a connection of their own');
  }
}

function enter(verb: Enter['verb'], fields: Fields): Enter {
  return {
    verb,
    kind: fields.number(),
    challengeId: fields.text(),
    reference: fields.text(),
    paid: fields.amount(),
    resource: fields.text(),
    expiresMs: fields.number(),
    nowMs: fields.number(),
    key: idempotencyHash(fields.text()),
  };
}

function advance(verb: 'settle' | 'answered', fields: Fields): Advance {
  return { verb, seq: fields.number(), redeliveriesMax: 0, nowMs: fields.number(), key: undefined };
}

/**
 * The operations that PostgreSQL shall try to append as new claims, as their places in the batch and in the order in
 * which it shall try. Two that agree in challenge and reference are one: the first.
 *
 * Those whose challenge and reference no other one has go first, in the order of their challenges: two gateways that
 * append the same claims at once then wait for each other in one order, and cannot deadlock. Those that cross (one
 * challenge with two payments, or one payment with two challenges) come last, in the order of the batch, because which
 * of them is let in depends on it.
 */
export function candidatesOf(operations: readonly Operation[]): readonly number[] {
  const seen = new Set<string>();
  const challenges = new Map<string, number>();
  const references = new Map<string, number>();
  const candidates: { readonly at: number; readonly enter: Enter }[] = [];
  operations.forEach((operation, at) => {
    if (!isEnter(operation)) return;
    const { challengeId, reference } = operation;
    const pair = challengeId + reference;
    if (seen.has(pair)) return;
    seen.add(pair);
    challenges.set(challengeId, (challenges.get(challengeId) ?? 0) + 1);
    references.set(reference, (references.get(reference) ?? 0) + 1);
    candidates.push({ at, enter: operation });
  });
  const crosses = ({ challengeId, reference }: Enter): boolean =>
    challenges.get(challengeId) !== 1 || references.get(reference) !== 1;
  const clean = candidates.filter(({ enter }) => !crosses(enter));
  const crossing = candidates.filter(({ enter }) => crosses(enter));
  clean.sort((a, b) => (a.enter.challengeId < b.enter.challengeId ? -1 : 1));
  return [...clean, ...crossing].map(({ at }) => at);
}
