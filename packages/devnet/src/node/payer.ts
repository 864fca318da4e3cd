import { NodeError, type PaymentRequest, type PaymentState } from '@farebox/lightning';
import * as ldk from 'lightningdevkit';
import type { NodeCore } from './core.js';
import { type ParsedInvoice, parseInvoice } from './parsed-invoice.js';
import { HTLCS_MAX } from './parts.js';
import type { PaymentBook, SentPayment } from './payment-book.js';
import { failureReason } from './reasons.js';
import { Slots } from './slots.js';

/** Payments sent at once. Below the channel's limit, since a place there frees a little after the payment ends. */
export const paymentsInFlightMax = HTLCS_MAX - 83;

/** Longest time a caller may give a payment. */
export const timeoutMsMax = 24 * 60 * 60 * 1000;

/** How long a balance that is still moving may keep a payment waiting. */
const settleMsMax = 2_000;

const sendAttempts = 3;

/** Brings coins back when a payment would not fit. Resolves when it has done what it can. */
export type Refill = (amountMsat: bigint, timeoutMs: number) => Promise<void>;

/** The paying half of a node. */
export class Payer {
  /** Set by the devnet. */
  refill: Refill = () => Promise.resolve();
  /** Told after each success. */
  onPaid: () => void = () => {};
  readonly #core: NodeCore;
  readonly #book: PaymentBook;
  readonly #now: () => number;
  readonly #slots = new Slots(paymentsInFlightMax);
  readonly #starting = new Map<string, Promise<PaymentState>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #holdsSlot = new Set<string>();
  /** Payments that have arrived and whose fee their paths must tell, the oldest first. */
  readonly #feeUnknown = new Set<string>();

  constructor(core: NodeCore, book: PaymentBook, now: () => number) {
    this.#core = core;
    this.#book = book;
    this.#now = now;
    this.#reconcile();
  }

  async pay(request: PaymentRequest): Promise<PaymentState> {
    const { maxFeeMsat, timeoutMs } = request;
    if (maxFeeMsat < 0n || maxFeeMsat >= 1n << 64n)
      throw new NodeError('node_refused', 'The fee cap is out of range.');
    if (!(timeoutMs > 0 && timeoutMs <= timeoutMsMax)) {
      throw new NodeError('node_refused', 'A payment needs a timeout of at most a day, in milliseconds.');
    }
    const invoice = parseInvoice(request.invoice, maxFeeMsat);
    const deadline = performance.now() + timeoutMs;
    // The same hash is never paid twice: a second caller waits for the first one's payment.
    const known = this.#book.get(invoice.paymentHash);
    if (known?.status === 'succeeded') return known;
    if (known?.status === 'in-flight') return this.#outcome(invoice.paymentHash, deadline);
    const running = this.#starting.get(invoice.paymentHash);
    if (running !== undefined) return within(running, timeoutMs);
    if (this.#now() >= invoice.expiresAt * 1000)
      return { status: 'failed', reason: 'the invoice has expired' };
    const payment = this.#start(invoice, deadline);
    this.#starting.set(invoice.paymentHash, payment);
    try {
      return await payment;
    } finally {
      this.#starting.delete(invoice.paymentHash);
    }
  }

  track(paymentHash: string): PaymentState {
    return (
      this.#book.get(paymentHash) ?? (this.#starting.has(paymentHash) ? IN_FLIGHT : { status: 'absent' })
    );
  }

  onSent(event: ldk.Event_PaymentSent): void {
    const paymentHash = hex(event.payment_hash);
    const fee = event.fee_paid_msat instanceof ldk.Option_u64Z_Some ? event.fee_paid_msat.some : undefined;
    if (fee === undefined) this.#rememberUnknownFee(paymentHash);
    const preimage = hex(event.payment_preimage);
    this.#finish(paymentHash, { status: 'succeeded', preimage, feeMsat: fee ?? 0n });
    this.onPaid();
  }

  /**
   * A part of a payment has arrived, on this path. LDK forgets the fee of a payment that was given up and arrived all the
   * same, so that {@link onSent} is told none; its paths still tell, a moment later. Until then the fee is told as 0.
   */
  onPathSucceeded(event: ldk.Event_PaymentPathSuccessful): void {
    const paymentHash = hex(event.payment_id);
    const known = this.#book.get(paymentHash);
    if (known?.status !== 'succeeded') return;
    const unknownFee = this.#feeUnknown.has(paymentHash) || known.feeMsat === 0n;
    const fee = event.path.fee_msat();
    if (unknownFee && fee > 0n) this.#book.set(paymentHash, { ...known, feeMsat: known.feeMsat + fee });
  }

  onFailed(event: ldk.Event_PaymentFailed): void {
    // The payment id is the payment hash, always.
    const paymentHash = Buffer.from(event.payment_id).toString('hex');
    this.#finish(paymentHash, { status: 'failed', reason: failureReason(event.reason) });
  }

  async #start(invoice: ParsedInvoice, deadline: number): Promise<PaymentState> {
    if (!(await this.#slots.take(left(deadline))))
      return failed('too many payments are in flight; nothing was sent');
    let unsent: PaymentState | undefined = IN_FLIGHT;
    try {
      unsent = await this.#send(invoice, deadline);
    } finally {
      if (unsent !== undefined) this.#slots.free();
    }
    if (unsent !== undefined) return unsent;
    const outcome = await this.#outcome(invoice.paymentHash, deadline);
    if (outcome.status !== 'in-flight') return outcome;
    // Time is up: no further attempt. What is on its way may still arrive, so the outcome stays open.
    this.#core.run(() => this.#core.parts.manager.abandon_payment(invoice.hash));
    await this.#core.committed();
    return this.track(invoice.paymentHash);
  }

  /** Hands the payment to LDK, waiting for liquidity where that helps. Undefined once it is sent. */
  async #send(invoice: ParsedInvoice, deadline: number): Promise<PaymentState | undefined> {
    for (let attempt = 1; ; attempt++) {
      const refused = this.#trySend(invoice);
      if (refused === undefined) return undefined;
      // LDK remembers a payment that this book has already dropped: it is not paid again, and not judged.
      if (refused === ldk.RetryableSendFailure.LDKRetryableSendFailure_DuplicatePayment) return IN_FLIGHT;
      if (refused === ldk.RetryableSendFailure.LDKRetryableSendFailure_PaymentExpired) {
        return failed('the invoice has expired');
      }
      const cheapest = this.#cheapestFeeMsat(invoice);
      if (cheapest !== undefined && cheapest > invoice.maxFeeMsat) {
        return failed(`the fee cap refuses the cheapest route, which costs ${cheapest} msat`);
      }
      if (attempt >= sendAttempts || left(deadline) <= 1)
        return failed('no route with enough liquidity was found');
      // "No route" is also what a channel says whose last payment has not quite ended.
      await this.refill(invoice.amountMsat, left(deadline));
      await this.#core.activity.settled(Math.min(settleMsMax, left(deadline)));
    }
  }

  /** Undefined when LDK took it. The record is written in the same turn, so both reach the same snapshot. */
  #trySend(invoice: ParsedInvoice): ldk.RetryableSendFailure | undefined {
    const { manager } = this.#core.parts;
    const before = this.#book.get(invoice.paymentHash);
    this.#book.set(invoice.paymentHash, IN_FLIGHT);
    this.#holdsSlot.add(invoice.paymentHash);
    const result = manager.send_payment(
      invoice.hash,
      invoice.onion,
      invoice.hash,
      invoice.parameters,
      ldk.Retry.constructor_attempts(sendAttempts),
    );
    this.#core.kick();
    if (!(result instanceof ldk.Result_NoneRetryableSendFailureZ_Err)) return undefined;
    this.#holdsSlot.delete(invoice.paymentHash);
    if (before === undefined) this.#book.remove(invoice.paymentHash);
    else this.#book.set(invoice.paymentHash, before);
    return result.err;
  }

  /** What the payment would cost without a fee cap; undefined when there is no route at all. */
  #cheapestFeeMsat(invoice: ParsedInvoice): bigint | undefined {
    const { manager, router } = this.#core.parts;
    const cap = invoice.parameters.get_max_total_routing_fee_msat();
    invoice.parameters.set_max_total_routing_fee_msat(ldk.Option_u64Z.constructor_none());
    const found = router
      .as_Router()
      .find_route(
        Buffer.from(this.#core.nodeId, 'hex'),
        invoice.parameters,
        manager.list_usable_channels(),
        manager.compute_inflight_htlcs(),
      );
    invoice.parameters.set_max_total_routing_fee_msat(cap);
    return found instanceof ldk.Result_RouteLightningErrorZ_OK ? found.res.get_total_fees() : undefined;
  }

  /** Waits for the end of a payment; `in-flight` when the deadline comes first. */
  #outcome(paymentHash: string, deadline: number): Promise<PaymentState> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(paymentHash) ?? new Set();
      this.#waiting.set(paymentHash, waiting);
      const finish = () => {
        clearTimeout(timer);
        waiting.delete(finish);
        resolve(this.track(paymentHash));
      };
      const timer = setTimeout(finish, left(deadline));
      waiting.add(finish);
    });
  }

  #rememberUnknownFee(paymentHash: string): void {
    this.#feeUnknown.add(paymentHash);
    const [oldest] = this.#feeUnknown;
    if (this.#feeUnknown.size > paymentsInFlightMax && oldest !== undefined) this.#feeUnknown.delete(oldest);
  }

  #finish(paymentHash: string, outcome: SentPayment): void {
    // A success is final: LDK repeats events after a restart, and never the other way round.
    if (this.#book.get(paymentHash)?.status !== 'succeeded') this.#book.set(paymentHash, outcome);
    if (this.#holdsSlot.delete(paymentHash)) this.#slots.free();
    const waiting = this.#waiting.get(paymentHash);
    this.#waiting.delete(paymentHash);
    if (waiting === undefined) return;
    this.#core.afterSnapshot(() => {
      for (const finish of waiting) finish();
    });
  }

  /** After a restart: a payment that LDK does not know was never sent, since both are in one snapshot. */
  #reconcile(): void {
    const known = new Set<string>();
    for (const payment of this.#core.parts.manager.list_recent_payments()) {
      if (payment instanceof ldk.RecentPaymentDetails_Pending) known.add(hex(payment.payment_id));
      if (payment instanceof ldk.RecentPaymentDetails_Fulfilled) known.add(hex(payment.payment_id));
      if (payment instanceof ldk.RecentPaymentDetails_Abandoned) known.add(hex(payment.payment_id));
    }
    for (const hash of this.#book.inFlight()) {
      if (!known.has(hash)) this.#book.set(hash, failed('it was never sent'));
    }
  }
}

const IN_FLIGHT: SentPayment = { status: 'in-flight' };

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const failed = (reason: string): SentPayment & { status: 'failed' } => ({ status: 'failed', reason });

/** The payment's outcome, or `in-flight` when it takes longer than this caller waits. */
function within(payment: Promise<PaymentState>, timeoutMs: number): Promise<PaymentState> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(IN_FLIGHT), timeoutMs);
    payment.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
const left = (deadline: number) => Math.max(1, deadline - performance.now());
