import { hash } from 'node:crypto';
import type { BuyerMethod, Challenge, InspectionResult, PayLimits, PayOutcome } from '@farebox/protocol';
import type { Invoice } from '../bolt11/invoice.js';
import { type LightningNetwork, NodeError, type PayingNode, type PaymentState } from '../node.js';
import { withDeadline } from './deadline.js';
import { inspectCharge, readCharge } from './inspect.js';
import { type Allowance, checkLimits } from './limits.js';
import { type ChargeNetwork, isHex32 } from './request.js';

/** How long a node may take to answer a question that moves no money, milliseconds. */
export const askTimeoutMs = 10_000;

/** How much longer than the time it was given a node may take to say how a payment went, milliseconds. */
export const paymentReplyGraceMs = 5_000;

const reasonCharsMax = 200;

/** What a buyer's `lightning` charge needs. */
export interface LightningBuyerOptions {
  readonly node: PayingNode;
  /** The network that is paid on. The node must be on it, and so must every invoice. */
  readonly network: ChargeNetwork;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

function notPaid(code: string, detail: string): PayOutcome {
  return { kind: 'not-paid', code, detail };
}

function unknown(detail: string): PayOutcome {
  return { kind: 'unknown', detail };
}

function stop(refusal: PayOutcome): { readonly refusal: PayOutcome; readonly failedBefore: boolean } {
  return { refusal, failedBefore: false };
}

function describe(error: unknown): string {
  // Only a node's own errors promise to hold no secret.
  return error instanceof NodeError ? `${error.code}: ${error.message}` : 'the node failed without a reason';
}

/** The outcome that a state proves, where it proves one. `absent` and `in-flight` are for the caller to judge. */
function certainOutcome(state: PaymentState, invoice: Invoice): PayOutcome | undefined {
  if (state.status === 'failed') {
    return notPaid('payment_failed', `The payment failed: ${state.reason.slice(0, reasonCharsMax)}`);
  }
  if (state.status !== 'succeeded') return undefined;
  const { preimage, feeMsat } = state;
  if (!isHex32(preimage) || hash('sha256', Buffer.from(preimage, 'hex'), 'hex') !== invoice.paymentHash) {
    return unknown(
      'node_misbehaved: the node reports success with a preimage that is not that of the invoice',
    );
  }
  return {
    kind: 'paid',
    payload: { preimage },
    paid: { amount: (invoice.amountMsat ?? 0n) / 1_000n, currency: 'sat' },
    fee: { amount: feeMsat, currency: 'msat' },
  };
}

/** Why the word of a node is not yet final. */
interface Doubt {
  /** Until then, milliseconds since the epoch, `absent` proves nothing. Infinity while a call is running. */
  readonly untilMs: number;
  /** False where `failed` may speak of an earlier attempt. */
  readonly failedProves: boolean;
}

const running: Doubt = { untilMs: Number.POSITIVE_INFINITY, failedProves: false };

/** Pays challenges with one node. Remembers what it has sent, so that one payment hash is never sent twice. */
class LightningBuyer implements BuyerMethod {
  readonly method = 'lightning';
  readonly intent = 'charge';
  readonly #node: PayingNode;
  readonly #network: ChargeNetwork;
  readonly #now: () => number;
  #networkChecked = false;
  /** By payment hash: what the node says of a payment while a request for it is, or may be, on its way. */
  readonly #doubts = new Map<string, Doubt>();

  constructor(options: LightningBuyerOptions) {
    this.#node = options.node;
    this.#network = options.network;
    this.#now = options.now ?? Date.now;
  }

  inspect(challenge: Challenge, context: { readonly nowMs: number }): InspectionResult {
    const inspected = inspectCharge(challenge, this.#network, context.nowMs);
    return inspected.ok ? { ok: true, inspection: inspected.value.inspection } : inspected;
  }

  async pay(challenge: Challenge, limits: PayLimits): Promise<PayOutcome> {
    // Inspected again, in this call: what is paid is what was checked, whatever the caller has seen before.
    const inspected = inspectCharge(challenge, this.#network, this.#now());
    if (!inspected.ok) return notPaid(inspected.code, inspected.detail);
    const { invoice, inspection } = inspected.value;
    const amountMsat = inspection.price.amount * 1_000n;
    const early = checkLimits(limits, amountMsat, inspection.expiresMs, this.#now());
    if (!early.ok) return notPaid(early.code, early.detail);
    if (this.#doubtOf(invoice.paymentHash) !== undefined) {
      return unknown('A payment of this invoice is under way; resume it instead of paying again');
    }
    // No await stands between the question above and this line: a second call cannot slip in.
    this.#doubts.set(invoice.paymentHash, running);
    const prepared = await this.#prepare(invoice);
    if (prepared.refusal !== undefined) {
      this.#doubts.delete(invoice.paymentHash);
      return prepared.refusal;
    }
    // The questions took time: the limits are held against the clock once more, right before paying.
    const allowance = checkLimits(limits, amountMsat, inspection.expiresMs, this.#now());
    if (!allowance.ok) {
      this.#doubts.delete(invoice.paymentHash);
      return notPaid(allowance.code, allowance.detail);
    }
    return this.#send(invoice, allowance.value, prepared.failedBefore);
  }

  async resume(challenge: Challenge): Promise<PayOutcome> {
    const read = readCharge(challenge);
    if (!read.ok) return unknown(`The challenge of this payment cannot be read: ${read.detail}`);
    const { invoice } = read.value;
    if (!this.#node.capabilities.track) {
      return unknown('The node cannot tell what became of a payment; look into the node itself');
    }
    try {
      // Another network's node would truthfully say that it has never sent this.
      const wrong = invoice.network === this.#network ? await this.#wrongNetwork() : invoice.network;
      if (wrong !== undefined)
        return unknown(`This wallet pays on ${this.#network}; resume with the node that paid`);
    } catch (error) {
      return unknown(`The node could not be asked what became of the payment (${describe(error)})`);
    }
    return this.#track(invoice);
  }

  /** The network that the node is on, where it is not the wallet's. */
  async #wrongNetwork(): Promise<LightningNetwork | undefined> {
    if (this.#networkChecked) return undefined;
    const { network } = await withDeadline(this.#node.info(), askTimeoutMs);
    if (network !== this.#network) return network;
    this.#networkChecked = true;
    return undefined;
  }

  /** Everything that must be asked before money may move. */
  async #prepare(
    invoice: Invoice,
  ): Promise<{ readonly refusal?: PayOutcome; readonly failedBefore: boolean }> {
    try {
      const wrong = await this.#wrongNetwork();
      if (wrong !== undefined) {
        return stop(
          notPaid('network_mismatch', `The node is on ${wrong}, this wallet pays on ${this.#network}`),
        );
      }
      // Of a node that cannot tell, the worst is assumed: that an attempt has failed before.
      if (!this.#node.capabilities.track) return { failedBefore: true };
      // A seller may hand out an invoice that was paid before, and not every node refuses to pay it again.
      const earlier = await withDeadline(this.#node.trackPayment(invoice.paymentHash), askTimeoutMs);
      if (earlier.status === 'succeeded') {
        return stop(
          notPaid(
            'already_paid',
            'This invoice has been paid before; resume that payment or ask for a new one',
          ),
        );
      }
      if (earlier.status === 'in-flight')
        return stop(unknown('An earlier payment of this invoice is under way'));
      return { failedBefore: earlier.status === 'failed' };
    } catch (error) {
      // Only questions were asked: nothing was sent.
      const code = error instanceof NodeError ? error.code : 'node_unreachable';
      return stop(notPaid(code, `The node could not be asked before paying (${describe(error)})`));
    }
  }

  /** Hands the payment to the node, once. */
  async #send(invoice: Invoice, allowance: Allowance, failedBefore: boolean): Promise<PayOutcome> {
    const { paymentHash } = invoice;
    const waitMs = allowance.timeoutMs + paymentReplyGraceMs;
    let state: PaymentState;
    try {
      state = await withDeadline(this.#node.payInvoice({ invoice: invoice.text, ...allowance }), waitMs);
    } catch (error) {
      if (error instanceof NodeError) {
        // The node's contract: nothing was sent.
        this.#doubts.delete(paymentHash);
        return notPaid(error.code, `The node did not pay: ${error.message}`);
      }
      // The request may be lost, or still on its way, or carried out already.
      return this.#doubt(invoice, { untilMs: this.#now() + waitMs, failedProves: !failedBefore });
    }
    const outcome = certainOutcome(state, invoice);
    if (outcome === undefined && state.status === 'in-flight') {
      return this.#doubt(invoice, { untilMs: this.#now() + waitMs, failedProves: true });
    }
    // A success that proves nothing stays in doubt for good: it must not be paid a second time.
    if (outcome?.kind !== 'unknown') this.#doubts.delete(paymentHash);
    return outcome ?? notPaid('payment_absent', 'The node did not send the payment');
  }

  /** Remembers the doubt and asks once whether it is unfounded. */
  async #doubt(invoice: Invoice, doubt: Doubt): Promise<PayOutcome> {
    const nowMs = this.#now();
    for (const [paymentHash, { untilMs }] of this.#doubts)
      if (untilMs <= nowMs) this.#doubts.delete(paymentHash);
    this.#doubts.set(invoice.paymentHash, doubt);
    if (this.#node.capabilities.track) return this.#track(invoice);
    return unknown(
      'The node did not say how the payment went, and cannot be asked; look into the node itself',
    );
  }

  /** Asks once. Never pays. */
  async #track(invoice: Invoice): Promise<PayOutcome> {
    let state: PaymentState;
    try {
      state = await withDeadline(this.#node.trackPayment(invoice.paymentHash), askTimeoutMs);
    } catch (error) {
      return unknown(`The node could not be asked what became of the payment (${describe(error)})`);
    }
    const doubt = this.#doubtOf(invoice.paymentHash);
    if (state.status === 'in-flight') return unknown('The payment is still under way');
    if (state.status === 'absent') {
      return doubt === undefined
        ? notPaid('payment_absent', 'The node has never sent this payment')
        : unknown('The node does not know of the payment, but the request for it may still reach it');
    }
    if (state.status === 'failed' && doubt?.failedProves === false) {
      return unknown('An attempt has failed, but the request for another may still reach the node');
    }
    if (doubt !== running) this.#doubts.delete(invoice.paymentHash);
    return certainOutcome(state, invoice) ?? unknown('The payment is still under way');
  }

  #doubtOf(paymentHash: string): Doubt | undefined {
    const doubt = this.#doubts.get(paymentHash);
    return doubt !== undefined && doubt.untilMs > this.#now() ? doubt : undefined;
  }
}

/**
 * The `lightning` charge, for buyers (draft-lightning-charge-00). The decoded invoice decides what is paid, never
 * the seller's words. The codes of refusals are those of {@link inspectCharge}; `pay` adds `limit_malformed`,
 * `amount_above_limit`, `deadline_passed`, `already_paid`, `payment_failed`, `payment_absent` and the codes of
 * {@link NodeError}. A fee cap is only as hard as the node's `capabilities.feeCap` says.
 *
 * The payload of a paid outcome holds the preimage: a bearer secret, not to be logged.
 *
 * @example
 * ```ts
 * import { lightningBuyer, type PayingNode } from '@farebox/lightning';
 * export const methodFor = (node: PayingNode) => lightningBuyer({ node, network: 'regtest' });
 * ```
 */
export function lightningBuyer(options: LightningBuyerOptions): BuyerMethod {
  return new LightningBuyer(options);
}
