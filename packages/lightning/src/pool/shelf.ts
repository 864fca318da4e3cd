import type { InvoiceRequest } from '../node.js';

/** An invoice that was checked against what was asked for. */
export interface CheckedInvoice {
  /** BOLT 11 text. */
  readonly invoice: string;
  /** Lowercase hex, 64 characters. */
  readonly paymentHash: string;
  /** When it expires, milliseconds since the epoch. */
  readonly expiresMs: number;
}

/**
 * The invoices that are ready for one price, description and life, the oldest first, and how many of them are wanted.
 * As many are wanted as were taken lately, so a price that is asked for once has none, and one that nobody asks for any more
 * is not made again.
 */
export class Shelf {
  readonly request: InvoiceRequest;
  /** Invoices that are being made to stand here. */
  filling = 0;
  /** False when this node's invoices do not live long enough to stand anywhere. */
  useful = true;
  readonly #lifeMs: number;
  readonly #windowMs: number;
  readonly #sizeMax: number;
  readonly #ready: CheckedInvoice[] = [];
  #taken = 0;
  #takenBefore = 0;
  #windowEndMs = Number.NEGATIVE_INFINITY;
  #low = true;

  /** @param windowMs how long "lately" is: as long as an invoice stands here */
  constructor(request: InvoiceRequest, sizeMax: number, windowMs: number) {
    this.request = request;
    this.#sizeMax = sizeMax;
    this.#windowMs = windowMs;
    this.#lifeMs = request.expirySeconds * 1_000;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** The oldest that lives long enough, and counts that one was wanted. Call {@link dropStale} before. */
  take(nowMs: number): CheckedInvoice | undefined {
    if (nowMs >= this.#windowEndMs) {
      this.#takenBefore = nowMs < this.#windowEndMs + this.#windowMs ? this.#taken : 0;
      this.#taken = 0;
      this.#windowEndMs = nowMs + this.#windowMs;
    }
    this.#taken++;
    return this.#ready.shift();
  }

  /** Puts one here. False when it would not live long enough to be given to anybody. */
  put(invoice: CheckedInvoice, nowMs: number): boolean {
    if (invoice.expiresMs - nowMs < this.#lifeMs) return false;
    this.#ready.push(invoice);
    return true;
  }

  /** Takes away those that no longer live as long as a challenge and its grace. */
  dropStale(nowMs: number): readonly CheckedInvoice[] {
    let stale = 0;
    for (const { expiresMs } of this.#ready) {
      if (expiresMs - nowMs >= this.#lifeMs) break;
      stale++;
    }
    return stale === 0 ? noInvoices : this.#ready.splice(0, stale);
  }

  /** Takes away all. */
  clear(): readonly CheckedInvoice[] {
    return this.#ready.splice(0);
  }

  /** How many are missing: none until half of what is wanted is gone, then all that is. */
  missing(): number {
    const wanted = this.useful ? Math.min(this.#sizeMax, this.#taken + this.#takenBefore - 1) : 0;
    const coming = this.#ready.length + this.filling;
    if (coming >= wanted) this.#low = false;
    else if (coming * 2 <= wanted) this.#low = true;
    return this.#low ? wanted - coming : 0;
  }
}

const noInvoices: readonly CheckedInvoice[] = [];
