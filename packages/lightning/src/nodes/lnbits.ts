import { isJsonObject, type JsonObject } from '@farebox/protocol';
import {
  type CreatedInvoice,
  type InvoiceRequest,
  type InvoiceState,
  type LightningNetwork,
  type LightningNode,
  type NodeCapabilities,
  NodeError,
  type NodeInfo,
  type NodePeriod,
  type PaymentRequest,
  type PaymentState,
  type SettledInvoice,
} from '../node.js';
import type { NodeAccess } from './access.js';
import {
  checkInvoiceRequest,
  checkPaymentHash,
  isSuccess,
  needObjects,
  plainDescription,
  trackUntil,
} from './answers.js';
import { checkCreatedInvoice, wholeSat } from './created-invoice.js';
import type { NodeAnswer } from './http/call.js';
import { need, objectOf, textOf, wholeOf } from './http/fields.js';
import { inFlightWhenSent } from './http/lost.js';
import { NodeHttp } from './http/node-http.js';
import { lnbitsSettled, lnbitsSettledMs } from './lnbits-settled.js';
import { isFailed, isMissing, isUnknownWallet, lnbitsCodeOf } from './lnbits-words.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from './outgoing-payment.js';
import type { HeldRight, RightsSource } from './rights.js';

/** How a wallet of an LNbits is reached. */
export interface LnbitsOptions extends NodeAccess {
  /** The invoice key sells; paying needs the admin key. */
  readonly key: string;
  /** LNbits does not say which network it is on; every invoice is held against this. */
  readonly network: LightningNetwork;
  /**
   * No buyer can reach this LNbits. It tells the preimage of an unpaid invoice to whoever asks for its hash, without
   * any key, where its own node told LNbits the preimage (LND and others do). A buyer who can ask has the proof of
   * payment for nothing. Unless this is promised, no invoice is made of which LNbits has the preimage.
   */
  readonly unreachableByBuyers?: boolean;
}

const name = 'LNbits';

/** How much longer than its own time-out a payment's answer may take, milliseconds. */
const payGraceMs = 3_000;

/** Longest memo that LNbits takes, characters. */
export const lnbitsMemoCharsMax = 640;

const payments = '/api/v1/payments';

/**
 * A wallet of an LNbits 0.12 or later. Whole satoshis only; no cancelling. Its fee reserve, which bounds what a payment
 * may cost, is held against the fee cap before paying.
 *
 * LNbits calls a payment failed when it lost its own node in the middle of one. Where that happens, look into the
 * node behind it: LNbits itself never pays such an invoice again without asking the node.
 *
 * All methods reject with {@link NodeError}.
 *
 * @throws NodeError `node_refused`: the address or the trust cannot be used
 */
export function openLnbits(options: LnbitsOptions): LightningNode & RightsSource {
  return new LnbitsNode(options);
}

class LnbitsNode implements LightningNode, RightsSource {
  readonly capabilities: NodeCapabilities = {
    msat: false,
    feeCap: false,
    cancel: false,
    track: true,
    hold: false,
  };
  readonly #http: NodeHttp;
  /** Without the key, to see what strangers see. */
  readonly #stranger: NodeHttp;
  readonly #network: LightningNetwork;
  readonly #unreachable: boolean;
  readonly #now: () => number;
  /** Whether strangers are told preimages of unpaid invoices; undefined until it has been tried. */
  #tellsStrangers: boolean | undefined;

  constructor(options: LnbitsOptions) {
    const { key, network, unreachableByBuyers, now, ...place } = options;
    this.#http = new NodeHttp({ ...place, name, headers: { 'X-Api-Key': key } });
    this.#stranger = new NodeHttp({ ...place, name });
    this.#network = network;
    this.#unreachable = unreachableByBuyers ?? false;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    await this.#wallet();
    return { kind: 'lnbits', network: this.#network };
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const answer = await this.#http.call({
      method: 'POST',
      path: payments,
      json: {
        out: false,
        unit: 'sat',
        amount: Number(wholeSat(name, request.amountMsat)),
        memo: plainDescription(request.description, lnbitsMemoCharsMax),
        expiry: request.expirySeconds,
      },
      repeating: 'harmless',
    });
    const made = this.#object(answer);
    const invoice = need(textOf(made, 'bolt11') ?? textOf(made, 'payment_request'), name, 'an invoice');
    const paymentHash = textOf(made, 'payment_hash');
    const created = checkCreatedInvoice(name, { invoice, paymentHash }, request, this.#network);
    if (!this.#unreachable) await this.#keepFromStrangers(made, created.paymentHash);
    return created;
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    const found = await this.#find(paymentHash);
    const details = found === undefined ? {} : objectOf(found, 'details');
    const amountMsat = wholeOf(details, 'amount') ?? 0n;
    // What goes out is counted below zero.
    if (found === undefined || amountMsat <= 0n) return undefined;
    if (found.paid !== true) return { status: isFailed(found) ? 'cancelled' : 'open' };
    const settledMs = lnbitsSettledMs(details);
    return {
      status: 'settled',
      receivedMsat: amountMsat,
      ...(settledMs === undefined ? undefined : { settledMs }),
    };
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    checkPaymentHash(paymentHash);
    throw new NodeError('node_refused', 'LNbits cannot cancel an invoice: let it expire.');
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return lnbitsSettled(async (query) => {
      const path = `${payments}${query}`;
      const answer = await this.#http.call({ method: 'GET', path, repeating: 'harmless' });
      if (!isSuccess(answer)) throw this.#refusal(answer);
      return needObjects(answer.json, name, 'a list of payments');
    }, period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(name, request, this.#network, this.#now());
    const deadlineMs = performance.now() + payment.timeoutMs;
    await this.#checkReserve(payment);
    return inFlightWhenSent(() => this.#pay(payment, deadlineMs));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    const found = await this.#find(paymentHash);
    const details = found === undefined ? {} : objectOf(found, 'details');
    // Of an invoice of its own that this wallet has paid, LNbits shows the payment.
    if (found === undefined || (wholeOf(details, 'amount') ?? 0n) >= 0n) return { status: 'absent' };
    if (found.paid === true) {
      const fee = wholeOf(details, 'fee') ?? 0n;
      const preimage = textOf(found, 'preimage') ?? textOf(details, 'preimage');
      return provenSuccess(paymentHash, preimage, fee < 0n ? -fee : fee);
    }
    if (isFailed(found)) return { status: 'failed', reason: 'LNbits lists the payment as failed' };
    return { status: 'in-flight' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const spendableMsat = need(wholeOf(await this.#wallet(), 'balance'), name, 'its balance');
    // LNbits does not say what its node can receive.
    return { spendableMsat, receivableMsat: 0n };
  }

  async rights(): Promise<readonly HeldRight[] | undefined> {
    const wallet = await this.#wallet();
    // Only to the admin key does LNbits tell the wallet's id.
    const admin = textOf(wallet, 'id') !== undefined;
    const both = ['info', 'invoice', 'lookup', 'track', 'balance'] as const;
    return [
      ...both.map((right) => ({ right, held: true, word: 'invoice key' })),
      { right: 'pay', held: admin, word: 'admin key' },
      { right: 'administer', held: admin, word: 'admin key' },
    ];
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#stranger.close();
  }

  /** A preimage that strangers can have is no proof of payment. */
  async #keepFromStrangers(made: JsonObject, paymentHash: string): Promise<void> {
    if (hasPreimage(made)) this.#tellsStrangers = true;
    // Older versions do not show with the invoice what they tell those who ask: asked once, as anybody could.
    this.#tellsStrangers ??= await this.#isToldTo(paymentHash);
    if (!this.#tellsStrangers) return;
    throw new NodeError(
      'node_refused',
      'This LNbits shows the preimages of unpaid invoices to whoever asks, so buyers could take without paying; keep it from the internet and set unreachable_by_buyers: true.',
    );
  }

  async #isToldTo(paymentHash: string): Promise<boolean> {
    const path = `${payments}/${paymentHash}`;
    const answer = await this.#stranger.call({ method: 'GET', path, repeating: 'harmless' });
    return isJsonObject(answer.json) && hasPreimage(answer.json);
  }

  async #checkReserve({ invoice, maxFeeMsat }: OutgoingPayment): Promise<void> {
    const path = `${payments}/fee-reserve?invoice=${encodeURIComponent(invoice)}`;
    const answer = await this.#http.call({ method: 'GET', path, repeating: 'harmless' });
    const reserveMsat = need(wholeOf(this.#object(answer), 'fee_reserve'), name, 'its fee reserve');
    if (reserveMsat > maxFeeMsat) {
      throw new NodeError(
        'node_refused',
        `LNbits may spend up to ${reserveMsat} msat on fees, above the fee cap of ${maxFeeMsat} msat; raise the cap or lower the reserve of this LNbits.`,
      );
    }
  }

  async #pay(
    { invoice, paymentHash, timeoutMs }: OutgoingPayment,
    deadlineMs: number,
  ): Promise<PaymentState> {
    const answer = await this.#http.call({
      method: 'POST',
      path: payments,
      json: { out: true, bolt11: invoice },
      timeoutMs: timeoutMs + payGraceMs,
      repeating: 'moves-money',
    });
    // The key is looked at before the invoice.
    if (answer.status === 401 || answer.status === 403 || isUnknownWallet(answer))
      throw this.#refusal(answer);
    // LNbits answers "pending" after some seconds, and refuses what is pending already: only looking it up tells.
    const track = () => this.trackPayment(paymentHash);
    if (isSuccess(answer)) return trackUntil(track, deadlineMs);
    const state = await track().catch((): PaymentState => ({ status: 'in-flight' }));
    if (state.status === 'in-flight') return trackUntil(track, deadlineMs);
    if (state.status === 'succeeded') return state;
    const said = isJsonObject(answer.json) ? answer.json : {};
    // Only LNbits' own refusal ends it: too little balance, no route, an invoice that it does not pay.
    if (answer.status === 400 || answer.status === 422 || textOf(said, 'status') === 'failed') {
      return { status: 'failed', reason: this.#refusal(answer).message };
    }
    return { status: 'in-flight' };
  }

  /** An entry of this wallet, whichever way it went; undefined where it has none with that hash. */
  async #find(paymentHash: string): Promise<JsonObject | undefined> {
    checkPaymentHash(paymentHash);
    const answer = await this.#http.call({
      method: 'GET',
      path: `${payments}/${paymentHash}`,
      repeating: 'harmless',
    });
    if (isMissing(answer)) {
      // Also to a key that is no longer valid LNbits says "does not exist", which would read as "never paid".
      await this.#wallet();
      return undefined;
    }
    const found = this.#object(answer);
    if (isJsonObject(found.details)) return found;
    // What strangers are shown: the key is no longer valid, or that of a share in another's wallet.
    await this.#wallet();
    throw new NodeError(
      'node_misbehaved',
      'LNbits shows no details to this key; use a key of the wallet itself.',
    );
  }

  async #wallet(): Promise<JsonObject> {
    const answer = await this.#http.call({ method: 'GET', path: '/api/v1/wallet', repeating: 'harmless' });
    return this.#object(answer);
  }

  #object(answer: NodeAnswer): JsonObject {
    if (!isSuccess(answer)) throw this.#refusal(answer);
    return need(isJsonObject(answer.json) ? answer.json : undefined, name, 'a JSON object');
  }

  #refusal(answer: NodeAnswer): NodeError {
    return this.#http.refusal(answer, lnbitsCodeOf(answer));
  }
}

/** Whether an entry shows a preimage. 0.12 writes zeros for "none". */
function hasPreimage(entry: JsonObject): boolean {
  return /[1-9a-f]/i.test(textOf(entry, 'preimage') ?? '');
}
