import { withDeadline } from '../charge/deadline.js';
import type { InvoiceNode } from '../node.js';
import { cancellationsMax, cancelTimeoutMs } from './limits.js';
import { type CallRate, Pace } from './pace.js';

/** What {@link Cancellations} needs of a node. */
export type CancellingNode = Pick<InvoiceNode, 'capabilities' | 'cancelInvoice'>;

/** When a cancellation is looked for at the latest, milliseconds: a timer must not be set for weeks. */
const lookMsMax = 60_000;

/**
 * Cancels invoices at the node, in the background: at a bounded rate, one at a time, and no more than it remembers. What it
 * forgets or fails to cancel expires by itself. A node decides between paying and cancelling, so an invoice that is being
 * paid at this moment is lost to nobody.
 */
export class Cancellations {
  readonly #node: CancellingNode;
  readonly #pace: Pace;
  readonly #now: () => number;
  /** Given out: when each is over. Their order is nearly that of their ends, because all live nearly as long. */
  readonly #given = new Map<string, number>();
  /** Never given out. */
  readonly #idle = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #cancelling = false;
  #closed = false;

  constructor(node: CancellingNode, rate: CallRate, now: () => number) {
    this.#node = node;
    this.#pace = new Pace(rate);
    this.#now = now;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#given.size + this.#idle.size;
  }

  /** True for an invoice that was given out and may still be paid. */
  isGiven(paymentHash: string): boolean {
    return this.#given.has(paymentHash);
  }

  /** An invoice was given out; when it is over it is cancelled, unless it was paid. */
  after(paymentHash: string, dueMs: number): void {
    this.#given.set(paymentHash, dueMs);
    for (const oldest of this.#given.keys()) {
      if (this.#given.size <= cancellationsMax) break;
      this.#given.delete(oldest);
    }
    this.#plan();
  }

  /** An invoice is given to nobody. */
  soon(paymentHash: string): void {
    if (!this.#node.capabilities.cancel || this.#idle.size >= cancellationsMax) return;
    this.#idle.add(paymentHash);
    // Sooner than whatever is planned, unless that is for the sake of the pace.
    if (this.#idle.size === 1) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#plan();
  }

  /** An invoice was paid: there is nothing to cancel. True the first time that this is said of one that was given out. */
  paid(paymentHash: string): boolean {
    return this.#given.delete(paymentHash);
  }

  /** Stops. What was given out stays as it is: its challenge can still be paid. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#cancelling || this.#closed) return;
    const [dueMs] = this.#given.values();
    if (this.#idle.size === 0 && dueMs === undefined) return;
    const waitMs = this.#idle.size > 0 ? 0 : Math.max(0, Number(dueMs) - this.#now());
    this.#wait(Math.min(waitMs, lookMsMax));
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, ms);
    this.#timer.unref();
  }

  #next(): void {
    const nowMs = this.#now();
    const paymentHash = this.#due(nowMs);
    if (paymentHash === undefined) {
      this.#plan();
      return;
    }
    const waitMs = this.#pace.take(nowMs);
    if (waitMs > 0) {
      this.#wait(Math.ceil(waitMs));
      return;
    }
    this.#given.delete(paymentHash);
    this.#idle.delete(paymentHash);
    this.#cancelling = true;
    withDeadline(this.#node.cancelInvoice(paymentHash), cancelTimeoutMs)
      // Settled, unknown or unreachable: either there is nothing to cancel, or it expires by itself.
      .catch(() => {})
      .finally(() => {
        this.#cancelling = false;
        if (!this.#closed) this.#next();
      });
  }

  #due(nowMs: number): string | undefined {
    for (const [paymentHash, dueMs] of this.#given) {
      if (dueMs > nowMs) break;
      if (this.#node.capabilities.cancel) return paymentHash;
      this.#given.delete(paymentHash);
    }
    for (const paymentHash of this.#idle) return paymentHash;
    return undefined;
  }
}
