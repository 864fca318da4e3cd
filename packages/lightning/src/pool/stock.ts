import type { InvoiceRequest } from '../node.js';
import { pooledInvoicesMax, shelvesMax } from './limits.js';
import { type CheckedInvoice, Shelf } from './shelf.js';

/** The shelves of a pool, and all that stands on them. What is taken off because nobody will get it goes to `discard`. */
export class Stock {
  readonly #sizeMax: number;
  readonly #ageMsMax: number;
  readonly #discard: (paymentHash: string) => void;
  /** In the order in which they were asked for last. */
  readonly #shelves = new Map<string, Shelf>();
  readonly #hashes = new Set<string>();
  #filling = 0;

  constructor(sizeMax: number, ageMsMax: number, discard: (paymentHash: string) => void) {
    this.#sizeMax = sizeMax;
    this.#ageMsMax = ageMsMax;
    this.#discard = discard;
  }

  /** How many invoices are ready. */
  get ready(): number {
    return this.#hashes.size;
  }

  has(paymentHash: string): boolean {
    return this.#hashes.has(paymentHash);
  }

  /** The shelf of a request, which may be empty. */
  shelfFor(request: InvoiceRequest): Shelf {
    const key = `${request.amountMsat} ${request.expirySeconds} ${request.description}`;
    const shelf = this.#shelves.get(key) ?? new Shelf(request, this.#sizeMax, this.#ageMsMax);
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    for (const [oldestKey, oldest] of this.#shelves) {
      if (this.#shelves.size <= shelvesMax) break;
      this.#shelves.delete(oldestKey);
      // What is being made for it comes to a shelf that is not useful any more, and is given to nobody.
      oldest.useful = false;
      this.#drop(oldest.clear());
    }
    return shelf;
  }

  /** The oldest invoice on a shelf that lives long enough. */
  take(shelf: Shelf, nowMs: number): CheckedInvoice | undefined {
    this.#drop(shelf.dropStale(nowMs));
    const invoice = shelf.take(nowMs);
    if (invoice !== undefined) this.#hashes.delete(invoice.paymentHash);
    return invoice;
  }

  put(shelf: Shelf, invoice: CheckedInvoice, nowMs: number): void {
    if (shelf.useful && shelf.put(invoice, nowMs)) {
      this.#hashes.add(invoice.paymentHash);
      return;
    }
    // The node cuts the lives of its invoices short: none of them can stand anywhere.
    shelf.useful = false;
    this.#discard(invoice.paymentHash);
  }

  /** A shelf on which more should stand. */
  toFill(): Shelf | undefined {
    if (this.#hashes.size + this.#filling >= pooledInvoicesMax) return undefined;
    for (const shelf of this.#shelves.values()) if (shelf.missing() > 0) return shelf;
    return undefined;
  }

  /** Says that an invoice for a shelf is being made, and no longer. */
  filling(shelf: Shelf, change: 1 | -1): void {
    shelf.filling += change;
    this.#filling += change;
  }

  /** Discards what has become too old. */
  sweep(nowMs: number): void {
    for (const shelf of this.#shelves.values()) this.#drop(shelf.dropStale(nowMs));
  }

  /** Takes everything away, without discarding it. */
  clear(): string[] {
    const hashes = [...this.#hashes];
    this.#hashes.clear();
    this.#shelves.clear();
    return hashes;
  }

  #drop(invoices: readonly CheckedInvoice[]): void {
    for (const { paymentHash } of invoices) {
      this.#hashes.delete(paymentHash);
      this.#discard(paymentHash);
    }
  }
}
