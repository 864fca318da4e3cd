import type { ClaimTotal, LedgerUnavailable, SweepTerms, Swept } from '../ledger.js';
import type { Applied, Field } from './messages.js';

/** A batch on its way to the store. */
export interface PostedBatch {
  readonly fields: readonly Field[];
  /**
   * Kinds named for the first time: number, method, intent, currency, route, and so on; the numbers are the front's. They
   * are said once: the store must learn them whatever becomes of the batch.
   */
  readonly kinds: readonly Field[];
  /** Everybody of this batch and everybody who waits behind it is told so now, though the store is still at work. */
  readonly giveUp: (error: LedgerUnavailable) => void;
}

/** What a store does for `LedgerFront`: it is all in which stores differ. */
export interface Backend {
  /** Why nothing can be asked of the store at the moment; undefined when it can. Asked before every operation. */
  refusal(): LedgerUnavailable | undefined;
  /**
   * Applies a batch in one transaction, the operations in their order. One at a time: the next is posted when this one
   * has settled. Resolves only when it is on disk; rejects when that is not certain.
   */
  post(batch: PostedBatch): Promise<Applied>;
  /** Nothing is under way and nothing waits: the store must no longer keep the process running. */
  idle(): void;
  /** Everything that was submitted has been answered. Called once. */
  close(): Promise<void>;
  /** Where counting is better done beside the batches. Rejects with `LedgerUnavailable`. */
  totals?(): Promise<readonly ClaimTotal[]>;
  /** Where housekeeping is better done beside the batches. Rejects with `LedgerUnavailable`. */
  sweep?(terms: SweepTerms): Promise<Swept>;
}
