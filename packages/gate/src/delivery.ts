import type { StoredAnswer } from '@farebox/ledger';
import type { Settlement } from '@farebox/protocol';
import type { Answer } from './answer.js';

/** What {@link Delivery.commit} says. */
export type Commit =
  | {
      readonly ok: true;
      /** Flat list of `Payment-Receipt` and `Cache-Control: private`; they replace the upstream's. */
      readonly headers: string[];
    }
  | { readonly ok: false; readonly answer: Answer };

/**
 * One paid request between its admission and its last byte. Exactly one of `commit`, `release`, `unknown` or `cut`
 * ends the first half; after a good `commit`, `answered` or `cut` ends the second.
 */
export interface Delivery {
  readonly challengeId: string;
  /** What was paid, and by whom as far as the method knows. */
  readonly settlement: Settlement;
  /**
   * True when the answer should be given to `commit` whole, if it is at most `storedAnswerBytesMax` bytes and no stream:
   * it is then kept, and given again without asking the upstream again.
   */
  readonly keepsAnswer: boolean;
  /**
   * True where the durable claim of a `once` route is held: whoever works on the answer is let finish though the client has
   * gone, because what was done must be on record. The answer is then kept for who asks again.
   */
  readonly mustFinish: boolean;
  /** True when an answer with this status is charged for: commit it. Otherwise release. */
  charges(status: number): boolean;
  /**
   * The upstream's answer is one that is charged for. Makes the delivery durable; only after it resolves with `ok` may the
   * first byte leave. Never rejects for a ledger that fails: that becomes an answer which keeps the credential good.
   *
   * @param status the upstream's; a receipt comes with a 2xx only
   * @param answer the whole answer, where it is known and to be kept
   */
  commit(status?: number, answer?: StoredAnswer): Promise<Commit>;
  /**
   * The upstream failed or answered otherwise: the payment becomes a credit. False when that could not be recorded;
   * it is recorded later then. Never rejects.
   */
  release(): Promise<boolean>;
  /** A `once` upstream was asked and its outcome is not known: the claim stays held, nothing is repeated. */
  unknown(): void;
  /** The committed answer has left completely: the credential is used up. */
  answered(): void;
  /** The answer did not leave completely: the client has gone, or, with `byUpstream`, the upstream broke it off. */
  cut(byUpstream?: boolean): void;
}
