import type { LedgerOpenCode } from '../errors.js';
import type { Claim, ClaimTotal } from '../ledger.js';

/**
 * What goes between the caller's thread and the ledger's. A batch is one flat array, because structured cloning of
 * many small objects costs more than the claim itself: per operation its number, then its fields.
 *
 * ```
 * claim | deliver | release   op, kind, challengeId, reference, paid, resource, expiresMs, nowMs, key
 * settle | answered           op, seq, nowMs
 * redeliver                   op, seq, redeliveriesMax, nowMs, key
 * find                        op, challengeId
 * totals                      op
 * ```
 *
 * `key` is the Idempotency-Key, empty when there is none. An amount travels as a number where that is exact, because a bigint is dear to clone, and as a bigint otherwise.
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
} as const;

/** The number of an operation. */
export type OpCode = (typeof Op)[keyof typeof Op];

/** One field of a batch. */
export type Field = number | string | bigint;

/** What the ledger's thread is told. */
export type Request =
  | {
      readonly do: 'batch';
      readonly count: number;
      readonly fields: readonly Field[];
      /** Kinds named for the first time: id, method, intent, currency, route; the ids are the caller's, from 0. */
      readonly kinds: readonly (string | number)[];
    }
  | { readonly do: 'close' };

/**
 * The outcome of one operation. A number is the hot path: the claim's seq for claim, deliver and release; 0 for
 * settle and answered; 1 or 0 for redeliver.
 */
export type Outcome =
  | number
  | { readonly kind: 'taken'; readonly by: 'challenge' | 'reference'; readonly claim: Claim }
  | { readonly kind: 'found'; readonly claim: Claim | undefined }
  | { readonly kind: 'totals'; readonly totals: readonly ClaimTotal[] }
  | { readonly kind: 'conflict'; readonly detail: string }
  | { readonly kind: 'damaged'; readonly detail: string };

/** An error as it crosses threads. */
export interface Fault {
  readonly message: string;
  /** SQLite's name for it, e.g. `SQLITE_FULL`, or a Node.js error code. */
  readonly code: string | undefined;
}

/** What the ledger's thread answers. */
export type Reply =
  | { readonly did: 'open' }
  | {
      readonly did: 'not-open';
      readonly code: LedgerOpenCode;
      readonly message: string;
      readonly cause?: Fault;
    }
  /** `committed` is false when the batch only read. */
  | { readonly did: 'batch'; readonly outcomes: readonly Outcome[]; readonly committed: boolean }
  | { readonly did: 'fail'; readonly fault: Fault }
  | { readonly did: 'closed' };

/** What the ledger's thread is started with. */
export interface WorkerOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly pagesMax: number | undefined;
}

/** Makes an error fit to cross threads. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const code: unknown = Reflect.get(error, 'code');
  return { message: error.message, code: typeof code === 'string' ? code : undefined };
}

/** Makes the error again on this side, for a `cause`. */
export function errorOfFault(fault: Fault): Error {
  const error = new Error(fault.message);
  return fault.code === undefined ? error : Object.assign(error, { code: fault.code });
}
