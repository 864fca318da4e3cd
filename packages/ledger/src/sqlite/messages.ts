import type { LedgerOpenCode } from '../errors.js';
import type { Field, Outcome } from '../front/messages.js';
import type { Packed } from './packing.js';

/** What the ledger's thread is told. */
export type Request =
  | {
      readonly do: 'batch';
      readonly packed: Packed;
      /** See `PostedBatch.kinds`. */
      readonly kinds: readonly Field[];
    }
  | { readonly do: 'close' };

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
  /** For measuring: every commit takes so much longer, as on a slower disk. */
  readonly syncDelayMs: number;
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
