import type { ChargeNetwork } from '../charge/request.js';
import type { InvoiceNode, InvoiceRequest } from '../node.js';
import type { CallRate } from './pace.js';
import type { CheckedInvoice } from './shelf.js';

/** What a pool is made of. */
export interface InvoicePoolOptions {
  /** Makes the invoices. Needs no right to spend. The pool does not close it. */
  readonly node: Pick<InvoiceNode, 'capabilities' | 'info' | 'createInvoice' | 'cancelInvoice'>;
  /** An invoice for another network is never handed out. */
  readonly network: ChargeNetwork;
  /** Most invoices that are kept ready for one price and description. Default 32; 0 keeps none. */
  readonly size?: number;
  /** How long an invoice is kept ready. Default ten minutes, one at a node that cannot cancel. */
  readonly ageMsMax?: number;
  /** How often the node is asked for an invoice that is not paid. Default 100 a second, 500 at once. */
  readonly mintRate?: CallRate;
  /** How often the node is asked to cancel one. Default 20 a second. */
  readonly cancelRate?: CallRate;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

/** How a pool stands. */
export interface PoolCounts {
  /** Invoices that are ready. */
  readonly ready: number;
  /** Invoices that the node is asked for at this moment. */
  readonly minting: number;
  /** Requests that wait for one. */
  readonly waiting: number;
  /** Invoices that are remembered so as to be cancelled when they are over. */
  readonly toCancel: number;
}

/** Invoices that are ready before anybody asks for them. */
export interface InvoicePool {
  /**
   * An invoice that was checked and has been given to nobody: one that is ready, or else one that the node makes now.
   * It may live longer than was asked for; when the asked life is over, it is cancelled. While the node is down nothing that
   * is ready is given out, because nobody could pay it: one request at a time asks the node, the others are refused at once.
   *
   * @throws NodeError, DeadlineExceeded, or MethodUnavailable for an invoice that is not what was asked for
   */
  take(request: InvoiceRequest): Promise<CheckedInvoice>;
  /** An invoice was paid: it need not be cancelled, and does not count against the rate. */
  paid(paymentHash: string): void;
  counts(): PoolCounts;
  /** Cancels what was given to nobody. What was given out stays: it can still be paid. */
  close(): Promise<void>;
}
