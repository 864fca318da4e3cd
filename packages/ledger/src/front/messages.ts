import type { Claim, ClaimTotal, KeptAnswer, Swept } from '../ledger.js';

/**
 * What a ledger's front gives to its store. A batch is one flat array, because many small objects that wait for a commit cost
 * more than the claim itself: per operation its number, then its fields. (SQLite's crosses to a thread: `sqlite/packing.ts`.)
 *
 * ```
 * claim | reclaim | deliver | release   op, kind, challengeId, reference, paid, resource, expiresMs, nowMs, key, rate
 * keep                                  op, status, headers, body: no operation of its own; the answer of the next one
 * settle | unknown | answered | cut | cutByUpstream | resolveReleased | resolveDelivered | refund
 *                                       op, seq, nowMs
 * redeliver                             op, seq, nowMs, redeliveriesMax
 * abandon                               op, challengeId, nowMs
 * find                                  op, challengeId, key
 * answer                                op, seq
 * sweep                                 op, nowMs, redemptionWindowMs, replayWindowMs, retentionMs, rowsMax
 * totals                                op
 * ```
 *
 * `key` is the Idempotency-Key, `rate` the quoted rate (`quoted-rate.ts`), both empty when there is none. An amount travels as a
 * number where that is exact, because a bigint is dear, and as a bigint otherwise. `headers` is the flat list as JSON, `body` a
 * Uint8Array that nobody else has.
 */
export const Op = {
  claim: 1,
  deliver: 2,
  release: 3,
  settle: 4,
  answered: 5,
  redeliver: 6,
  find: 7,
  totals: 8,
  reclaim: 9,
  keep: 10,
  unknown: 11,
  cut: 12,
  cutByUpstream: 13,
  abandon: 14,
  answer: 15,
  resolveReleased: 16,
  resolveDelivered: 17,
  refund: 18,
  sweep: 19,
} as const;

/** The number of an operation. */
export type OpCode = (typeof Op)[keyof typeof Op];

const enterFields = 10;
const advanceFields = 3;
const fieldCounts: Readonly<Record<number, number>> = {
  [Op.claim]: enterFields,
  [Op.reclaim]: enterFields,
  [Op.deliver]: enterFields,
  [Op.release]: enterFields,
  [Op.keep]: 4,
  [Op.settle]: advanceFields,
  [Op.unknown]: advanceFields,
  [Op.answered]: advanceFields,
  [Op.cut]: advanceFields,
  [Op.cutByUpstream]: advanceFields,
  [Op.resolveReleased]: advanceFields,
  [Op.resolveDelivered]: advanceFields,
  [Op.refund]: advanceFields,
  [Op.redeliver]: 4,
  [Op.abandon]: 3,
  [Op.find]: 3,
  [Op.answer]: 2,
  [Op.sweep]: 6,
  [Op.totals]: 1,
};

/** How many fields an operation has in a batch, with its number; undefined for what is none. */
export function fieldCountOf(op: Field | undefined): number | undefined {
  return typeof op === 'number' ? fieldCounts[op] : undefined;
}

/** One field of a batch. */
export type Field = number | string | bigint | Uint8Array;

/**
 * The outcome of one operation. A number is the hot path: the claim's seq for claim, reclaim, deliver and release; for
 * redeliver a {@link RedeliveryNumber}; 0 for every other verb that was done.
 */
export type Outcome =
  | number
  | { readonly kind: 'taken'; readonly by: 'challenge' | 'reference'; readonly claim: Claim }
  | { readonly kind: 'found'; readonly claim: Claim | undefined }
  | { readonly kind: 'answer'; readonly answer: KeptAnswer | undefined }
  | { readonly kind: 'swept'; readonly swept: Swept }
  | { readonly kind: 'totals'; readonly totals: readonly ClaimTotal[] }
  | { readonly kind: 'conflict'; readonly detail: string }
  | { readonly kind: 'damaged'; readonly detail: string };

/** What redeliver's number means. */
export const RedeliveryNumber = { no: 0, allowed: 1, busy: 2 } as const;

/** What became of a batch. */
export interface Applied {
  readonly outcomes: readonly Outcome[];
  /** False when nothing was written. */
  readonly committed: boolean;
}
