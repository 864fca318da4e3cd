import { checkInvoice } from '../charge/check-invoice.js';
import { createInvoiceTimeoutMs, withDeadline } from '../charge/deadline.js';
import type { ChargeNetwork } from '../charge/request.js';
import { type InvoiceRequest, NodeError } from '../node.js';
import { Cancellations } from './cancellations.js';
import { Contact } from './contact.js';
import {
  cancelRateDefault,
  closeTimeoutMs,
  failurePauseMsMax,
  failurePauseMsMin,
  mintRateDefault,
  mintsAtOnceMax,
  pooledAgeMsMaxDefault,
  pooledAgeMsMaxUncancellable,
  shelfSizeDefault,
  waitersMax,
  waitMsMax,
} from './limits.js';
import { Pace } from './pace.js';
import type { InvoicePool, InvoicePoolOptions, PoolCounts } from './pool.js';
import type { CheckedInvoice, Shelf } from './shelf.js';
import { Stock } from './stock.js';

interface Waiter {
  readonly shelf: Shelf;
  readonly sinceMs: number;
  readonly resolve: (invoice: CheckedInvoice) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a pool of invoices at a node, so that an unpaid 402 costs the node nothing while there is one ready.
 *
 * For each price, description and life, as many are kept ready as were taken lately, up to `size`. When half of them are
 * gone, more are made in the background. An invoice carries the description that was asked for, which is the route's own
 * and the same for every request to it; nothing of a single request can stand in a memo that was written before.
 *
 * @example
 * ```ts
 * import { createInvoicePool, type InvoiceNode, lightningSeller } from '@farebox/lightning';
 * export function sellerFor(node: InvoiceNode) {
 *   const pool = createInvoicePool({ node, network: 'mainnet' });
 *   return lightningSeller({ node, network: 'mainnet', pool });
 * }
 * ```
 */
export function createInvoicePool(options: InvoicePoolOptions): InvoicePool {
  return new Pool(options);
}

class Pool implements InvoicePool {
  readonly #node: InvoicePoolOptions['node'];
  readonly #network: ChargeNetwork;
  readonly #ageMsMax: number;
  readonly #now: () => number;
  readonly #pace: Pace;
  readonly #cancellations: Cancellations;
  readonly #stock: Stock;
  readonly #contact: Contact;
  readonly #waiters: Waiter[] = [];
  readonly #mints = new Set<Promise<void>>();
  #failures = 0;
  /** Nothing is made in advance before this. */
  #pauseEndMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  readonly #sweeper: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: InvoicePoolOptions) {
    const { node, network, size = shelfSizeDefault, now = Date.now } = options;
    const ageDefault = node.capabilities.cancel ? pooledAgeMsMaxDefault : pooledAgeMsMaxUncancellable;
    this.#node = node;
    this.#network = network;
    this.#ageMsMax = options.ageMsMax ?? ageDefault;
    this.#now = now;
    this.#pace = new Pace(options.mintRate ?? mintRateDefault);
    this.#cancellations = new Cancellations(node, options.cancelRate ?? cancelRateDefault, now);
    this.#stock = new Stock(size, this.#ageMsMax, (hash) => this.#cancellations.soon(hash));
    this.#contact = new Contact(node, now);
    this.#sweeper = setInterval(() => this.#stock.sweep(now()), Math.max(1_000, this.#ageMsMax / 4));
    this.#sweeper.unref();
  }

  take(request: InvoiceRequest): Promise<CheckedInvoice> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    const nowMs = this.#now();
    const shelf = this.#stock.shelfFor(request);
    this.#contact.check();
    const { lost } = this.#contact;
    // Somebody is asking the node already: whether it is back is known in a moment.
    if (lost !== undefined && this.#mints.size + this.#waiters.length > 0) return Promise.reject(lost);
    const ready = lost === undefined ? this.#stock.take(shelf, nowMs) : undefined;
    if (ready !== undefined) {
      this.#give(ready, request, nowMs);
      this.#pump();
      return Promise.resolve(ready);
    }
    if (this.#waiters.length >= waitersMax) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ shelf, sinceMs: nowMs, resolve, reject });
      this.#pump();
    });
  }

  paid(paymentHash: string): void {
    // The rate is there for invoices that nobody pays. Once for each: a credential may be shown many times.
    if (!this.#cancellations.paid(paymentHash)) return;
    this.#pace.giveBack();
    this.#wake();
  }

  counts(): PoolCounts {
    return {
      ready: this.#stock.ready,
      minting: this.#mints.size,
      waiting: this.#waiters.length,
      toCancel: this.#cancellations.size,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#sweeper);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closed());
    const endMs = performance.now() + closeTimeoutMs;
    await Promise.all(this.#mints);
    this.#cancellations.close();
    const left = this.#stock.clear();
    if (!this.#node.capabilities.cancel) return;
    const cancelAll = async (): Promise<void> => {
      for (let hash = left.pop(); hash !== undefined; hash = left.pop()) {
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) return;
        // What cannot be cancelled was given to nobody and expires.
        await withDeadline(this.#node.cancelInvoice(hash), leftMs).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: mintsAtOnceMax }, cancelAll));
  }

  /** From here on the invoice is one challenge's. */
  #give({ paymentHash }: CheckedInvoice, { expirySeconds }: InvoiceRequest, nowMs: number): void {
    this.#cancellations.after(paymentHash, nowMs + expirySeconds * 1_000);
  }

  /** Starts as many mints as there is need, slots and pace for. Whoever waits comes before what is made in advance. */
  #pump(): void {
    if (this.#timer !== undefined || this.#closing !== undefined) return;
    while (this.#mints.size < mintsAtOnceMax) {
      const nowMs = this.#now();
      this.#turnAwayLate(nowMs);
      const [waiter] = this.#waiters;
      const shelf = waiter?.shelf ?? (nowMs < this.#pauseEndMs ? undefined : this.#stock.toFill());
      if (shelf === undefined) return;
      const waitMs = this.#pace.take(nowMs);
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#wake(), Math.ceil(Math.min(waitMs, this.#patienceMs(nowMs))));
        return;
      }
      if (waiter === undefined) this.#start(this.#fill(shelf));
      else this.#start(this.#serve(this.#waiters.shift() ?? waiter));
    }
  }

  /** Looks again whether there is something to do, if that was put off. */
  #wake(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pump();
  }

  #start(mint: Promise<void>): void {
    const running = mint.finally(() => {
      this.#mints.delete(running);
      this.#pump();
    });
    this.#mints.add(running);
  }

  /** How long until the next of those who wait gives up. */
  #patienceMs(nowMs: number): number {
    return waitMsMax - (nowMs - (this.#waiters[0]?.sinceMs ?? nowMs));
  }

  /** Nobody waits any more for what was asked for so long ago; an invoice for it would be one for nobody. */
  #turnAwayLate(nowMs: number): void {
    while (this.#waiters.length > 0 && this.#patienceMs(nowMs) <= 0) this.#waiters.shift()?.reject(tooMany());
  }

  /** Makes an invoice for a request that waits. It lives no longer than it must. */
  async #serve({ shelf, resolve, reject }: Waiter): Promise<void> {
    try {
      await this.#mint(shelf.request, (made, nowMs) => {
        this.#give(made, shelf.request, nowMs);
        resolve(made);
      });
    } catch (error) {
      this.#failed(error);
      reject(error);
    }
  }

  /** Makes an invoice in advance. */
  async #fill(shelf: Shelf): Promise<void> {
    const { request } = shelf;
    this.#stock.filling(shelf, 1);
    try {
      const expirySeconds = request.expirySeconds + Math.ceil(this.#ageMsMax / 1_000);
      await this.#mint({ ...request, expirySeconds }, (made, nowMs) => {
        const at = this.#waiters.findIndex((waiter) => waiter.shelf === shelf);
        if (at < 0) {
          this.#stock.put(shelf, made, nowMs);
        } else {
          this.#give(made, request, nowMs);
          this.#waiters.splice(at, 1)[0]?.resolve(made);
        }
      });
    } catch (error) {
      // Nobody waits for it. Whoever asks next finds out for themselves.
      this.#failed(error);
    } finally {
      this.#stock.filling(shelf, -1);
    }
  }

  /** Has an invoice made, checked and put in its place. */
  async #mint(request: InvoiceRequest, place: (made: CheckedInvoice, nowMs: number) => void): Promise<void> {
    const asked = this.#node.createInvoice(request);
    const made = await withDeadline(asked, createInvoiceTimeoutMs).catch((error: unknown) => {
      // It may come yet, for nobody.
      asked.then(
        ({ paymentHash }) => this.#cancellations.soon(paymentHash),
        () => {},
      );
      throw error;
    });
    const { invoice, paymentHash } = made;
    const expected = { amountMsat: request.amountMsat, network: this.#network };
    const nowMs = this.#now();
    const expiresMs = checkInvoice(made, expected, nowMs);
    // Two challenges with one invoice: the second buyer could not pay, and one payment would speak for both. Looked up and
    // put in its place in one turn, because two of the same may come at once.
    if (this.#stock.has(paymentHash) || this.#cancellations.isGiven(paymentHash)) {
      throw new NodeError('node_misbehaved', 'The Lightning node made the same invoice twice');
    }
    this.#failures = 0;
    this.#contact.heard();
    place({ invoice, paymentHash, expiresMs }, nowMs);
  }

  #failed(error: unknown): void {
    this.#contact.failed(error);
    const pauseMs = Math.min(failurePauseMsMax, failurePauseMsMin * 2 ** Math.min(this.#failures++, 20));
    this.#pauseEndMs = this.#now() + pauseMs;
  }
}

function closed(): NodeError {
  return new NodeError('node_unreachable', 'The invoice pool is closed');
}

function tooMany(): NodeError {
  return new NodeError('node_refused', 'Too many invoices are being waited for');
}
