import { Fields } from './fields.js';
import { idempotencyHash } from './keys.js';
import { type Field, Op, type OpCode } from './messages.js';

/** An answer to be kept with the claim that its operation delivers. */
export interface NewAnswer {
  readonly status: number;
  /** The flat list as JSON. */
  readonly headers: string;
  readonly body: Uint8Array;
}

/** claim, reclaim, deliver or release: comes with a request, and may find no claim yet. */
export interface Enter {
  readonly verb: 'claim' | 'reclaim' | 'deliver' | 'release';
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
  /** The quoted rate as it is stored; empty for none. */
  readonly rate: string;
  /** Only `deliver` has one. */
  readonly answer: NewAnswer | undefined;
}

/** A verb that names a claim by its seq. */
export interface Advance {
  readonly verb:
    | 'settle'
    | 'unknown'
    | 'answered'
    | 'cut'
    | 'redeliver'
    | 'resolve-released'
    | 'resolve-delivered'
    | 'refund';
  readonly seq: number;
  readonly nowMs: number;
  /** Only of `redeliver`; 0 otherwise. */
  readonly redeliveriesMax: number;
  /** Only of `cut`. */
  readonly byUpstream: boolean;
  /** Only `settle` has one. */
  readonly answer: NewAnswer | undefined;
}

/** A verb that names a claim by its challenge and comes without a request. */
export interface Abandon {
  readonly verb: 'abandon';
  readonly challengeId: string;
  readonly nowMs: number;
}

/** Reads the claim of a challenge. */
export interface Find {
  readonly verb: 'find';
  readonly challengeId: string;
  /** Hash of the `Idempotency-Key` that the asker knows. */
  readonly key: Buffer | undefined;
}

/** An {@link Advance} of no particular terms. */
export function advanceBy(verb: Advance['verb'], seq: number, nowMs: number, answer?: NewAnswer): Advance {
  return { verb, seq, nowMs, redeliveriesMax: 0, byUpstream: false, answer };
}

/** Reads a kept answer. */
export interface ReadAnswer {
  readonly verb: 'answer';
  readonly seq: number;
}

/** One step of housekeeping: `SweepTerms`. */
export interface Sweep {
  readonly verb: 'sweep';
  readonly nowMs: number;
  readonly redemptionWindowMs: number;
  readonly replayWindowMs: number;
  readonly retentionMs: number;
  readonly rowsMax: number;
}

/** Counts and sums every claim. */
export interface Totals {
  readonly verb: 'totals';
}

/** One operation of a batch. */
export type Operation = Enter | Advance | Abandon | Find | ReadAnswer | Sweep | Totals;

/** True for {@link Enter}. */
export function isEnter(operation: Operation): operation is Enter {
  return 'reference' in operation;
}

/** True for {@link Advance}. */
export function isAdvance(operation: Operation): operation is Advance {
  return 'redeliveriesMax' in operation;
}

/**
 * Reads a batch's flat array.
 *
 * @throws {TypeError} for what `Batch` never makes
 */
export function operationsOf(batch: readonly Field[]): readonly Operation[] {
  const fields = new Fields(batch);
  const operations: Operation[] = [];
  let answer: NewAnswer | undefined;
  for (let op = fields.op(); op !== undefined; op = fields.op()) {
    if (op === Op.keep) {
      answer = { status: fields.number(), headers: fields.text(), body: fields.bytes() };
      continue;
    }
    operations.push(one(op, fields, answer));
    answer = undefined;
  }
  return operations;
}

function one(op: Exclude<OpCode, typeof Op.keep>, fields: Fields, answer: NewAnswer | undefined): Operation {
  switch (op) {
    case Op.claim:
      return enter('claim', fields, undefined);
    case Op.reclaim:
      return enter('reclaim', fields, undefined);
    case Op.deliver:
      return enter('deliver', fields, answer);
    case Op.release:
      return enter('release', fields, undefined);
    case Op.settle:
      return advance('settle', fields, answer);
    case Op.unknown:
      return advance('unknown', fields);
    case Op.answered:
      return advance('answered', fields);
    case Op.cut:
      return advance('cut', fields);
    case Op.cutByUpstream:
      return { ...advance('cut', fields), byUpstream: true };
    case Op.resolveReleased:
      return advance('resolve-released', fields);
    case Op.resolveDelivered:
      return advance('resolve-delivered', fields);
    case Op.refund:
      return advance('refund', fields);
    case Op.redeliver:
      return { ...advance('redeliver', fields), redeliveriesMax: fields.number() };
    case Op.abandon:
      return { verb: 'abandon', challengeId: fields.text(), nowMs: fields.number() };
    case Op.find:
      return { verb: 'find', challengeId: fields.text(), key: keyOf(fields) };
    case Op.answer:
      return { verb: 'answer', seq: fields.number() };
    case Op.sweep:
      return sweep(fields);
    case Op.totals:
      return { verb: 'totals' };
  }
}

function enter(verb: Enter['verb'], fields: Fields, answer: NewAnswer | undefined): Enter {
  return {
    verb,
    kind: fields.number(),
    challengeId: fields.text(),
    reference: fields.text(),
    paid: fields.amount(),
    resource: fields.text(),
    expiresMs: fields.number(),
    nowMs: fields.number(),
    key: keyOf(fields),
    rate: fields.text(),
    answer,
  };
}

function advance(verb: Advance['verb'], fields: Fields, answer?: NewAnswer): Advance {
  return advanceBy(verb, fields.number(), fields.number(), answer);
}

function sweep(fields: Fields): Sweep {
  return {
    verb: 'sweep',
    nowMs: fields.number(),
    redemptionWindowMs: fields.number(),
    replayWindowMs: fields.number(),
    retentionMs: fields.number(),
    rowsMax: fields.number(),
  };
}

function keyOf(fields: Fields): Buffer | undefined {
  return idempotencyHash(fields.text());
}
