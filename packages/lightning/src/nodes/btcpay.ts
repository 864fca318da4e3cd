import { isJsonObject, type JsonObject } from '@farebox/protocol';
import {
  type CreatedInvoice,
  type InvoiceRequest,
  type InvoiceState,
  type LightningNetwork,
  type LightningNode,
  type NodeCapabilities,
  NodeError,
  type NodeErrorCode,
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
  withoutSecret,
} from './answers.js';
import { btcpaySettled } from './btcpay-settled.js';
import { checkCreatedInvoice } from './created-invoice.js';
import type { NodeAnswer, NodeCall } from './http/call.js';
import { listOf, need, objectOf, textOf, wholeOf } from './http/fields.js';
import { inFlightWhenSent } from './http/lost.js';
import { NodeHttp } from './http/node-http.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from './outgoing-payment.js';
import type { HeldRight, NodeRight, RightsSource } from './rights.js';

/** How the Lightning node of a BTCPay Server store is reached. */
export interface BtcpayOptions extends NodeAccess {
  readonly storeId: string;
  /** An API key of the Greenfield API, limited to the store. */
  readonly key: string;
  /** BTCPay does not say which network its node is on; every invoice is held against this. */
  readonly network: LightningNetwork;
}

const name = 'BTCPay Server';

/** How much longer than its own time-out a payment's answer may take, milliseconds. */
const payGraceMs = 3_000;

const permissions = {
  use: 'btcpay.store.canuselightningnode',
  create: 'btcpay.store.cancreatelightninginvoice',
  view: 'btcpay.store.canviewlightninginvoice',
  manage: 'btcpay.store.canmodifystoresettings',
} as const;

const rightOf: readonly (readonly [NodeRight, string])[] = [
  ['info', permissions.use],
  ['invoice', permissions.create],
  ['lookup', permissions.view],
  ['pay', permissions.use],
  ['track', permissions.use],
  ['balance', permissions.use],
  ['onchain', permissions.use],
  ['administer', permissions.manage],
];

/**
 * The Lightning node of a BTCPay Server store, through the Greenfield API (2.0 or later). Whether the fee cap is
 * enforced depends on the node behind: LND, Core Lightning and Eclair do, phoenixd and LNDhub do not.
 *
 * All methods reject with {@link NodeError}.
 *
 * @throws NodeError `node_refused`: the address or the trust cannot be used
 */
export function openBtcpay(options: BtcpayOptions): LightningNode & RightsSource {
  return new BtcpayNode(options);
}

class BtcpayNode implements LightningNode, RightsSource {
  readonly capabilities: NodeCapabilities = {
    msat: true,
    feeCap: false,
    cancel: false,
    track: true,
    hold: false,
  };
  readonly #http: NodeHttp;
  readonly #secret: string;
  readonly #path: string;
  readonly #storeId: string;
  readonly #network: LightningNetwork;
  readonly #now: () => number;

  constructor(options: BtcpayOptions) {
    const { key, storeId, network, now, ...place } = options;
    this.#secret = key;
    this.#http = new NodeHttp({ ...place, name, headers: { Authorization: `token ${key}` } });
    this.#storeId = storeId;
    this.#path = `/api/v1/stores/${encodeURIComponent(storeId)}/lightning/BTC`;
    this.#network = network;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    const known = { kind: 'btcpay', network: this.#network };
    const answer = await this.#get('/info');
    // A key that may only sell may not ask; that it is a key has been said.
    if (answer.status === 403) return known;
    const uri = listOf(this.#object(answer), 'nodeURIs').find((each) => typeof each === 'string');
    const nodeId = /^0[23][0-9a-f]{64}/.exec(uri ?? '')?.[0];
    return nodeId === undefined ? known : { ...known, nodeId };
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const answer = await this.#call({
      method: 'POST',
      path: '/invoices',
      json: {
        amount: String(request.amountMsat),
        description: plainDescription(request.description),
        expiry: request.expirySeconds,
        privateRouteHints: true,
      },
      repeating: 'harmless',
    });
    const made = this.#object(answer);
    const invoice = need(textOf(made, 'BOLT11'), name, 'an invoice');
    return checkCreatedInvoice(
      name,
      { invoice, paymentHash: textOf(made, 'paymentHash') },
      request,
      this.#network,
    );
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    checkPaymentHash(paymentHash);
    // For every node that BTCPay knows, the payment hash is the id, or is taken for it.
    const answer = await this.#get(`/invoices/${paymentHash}`);
    if (isMissing(answer, 'invoice-not-found')) return undefined;
    const invoice = this.#object(answer);
    switch (textOf(invoice, 'status')) {
      case 'Unpaid':
        return { status: 'open' };
      case 'Expired':
        return { status: 'cancelled' };
      case 'Paid': {
        const receivedMsat = wholeOf(invoice, 'amountReceived');
        const paidAt = wholeOf(invoice, 'paidAt');
        return {
          status: 'settled',
          ...(receivedMsat === undefined ? undefined : { receivedMsat }),
          ...(paidAt === undefined ? undefined : { settledMs: Number(paidAt) * 1_000 }),
        };
      }
      default:
        throw new NodeError('node_misbehaved', `${name} gave an invoice a status that is not known.`);
    }
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    checkPaymentHash(paymentHash);
    throw new NodeError('node_refused', 'BTCPay Server cannot cancel a Lightning invoice: let it expire.');
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return btcpaySettled(async (query) => {
      const answer = await this.#get(`/invoices${query}`);
      if (!isSuccess(answer)) throw this.#refusal(answer);
      return needObjects(answer.json, name, 'a list of invoices');
    }, period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(name, request, this.#network, this.#now());
    return inFlightWhenSent(() => this.#pay(payment, performance.now() + payment.timeoutMs));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    checkPaymentHash(paymentHash);
    const answer = await this.#get(`/payments/${paymentHash}`);
    if (isMissing(answer, 'payment-not-found')) return { status: 'absent' };
    const payment = this.#object(answer);
    switch (textOf(payment, 'status')) {
      case 'Complete':
        return provenSuccess(paymentHash, textOf(payment, 'preimage'), wholeOf(payment, 'feeAmount') ?? 0n);
      case 'Failed':
        return { status: 'failed', reason: 'BTCPay Server lists the payment as failed' };
      default:
        return { status: 'in-flight' };
    }
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const offchain = objectOf(this.#object(await this.#get('/balance')), 'offchain');
    return {
      spendableMsat: need(wholeOf(offchain, 'local'), name, 'the balance of its channels'),
      receivableMsat: wholeOf(offchain, 'remote') ?? 0n,
    };
  }

  async rights(): Promise<readonly HeldRight[] | undefined> {
    const answer = await this.#http.call({
      method: 'GET',
      path: '/api/v1/api-keys/current',
      repeating: 'harmless',
    });
    const held = listOf(this.#object(answer), 'permissions').filter((each) => typeof each === 'string');
    const holds = (wanted: string) =>
      held.some(
        (each) => each === 'unrestricted' || each === wanted || each === `${wanted}:${this.#storeId}`,
      );
    return rightOf.map(([right, word]) => ({ right, held: holds(word) || impliedBy(word, holds), word }));
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  async #pay(payment: OutgoingPayment, deadlineMs: number): Promise<PaymentState> {
    const { invoice, paymentHash, maxFeeMsat, timeoutMs } = payment;
    const answer = await this.#call({
      method: 'POST',
      path: '/invoices/pay',
      json: {
        BOLT11: invoice,
        // Both: LND behind BTCPay takes a flat limit of nothing for "none given", and Eclair adds a share of its own
        // where none is. The share is too small to be a satoshi of any payment.
        maxFeeFlat: String(maxFeeMsat / 1_000n),
        maxFeePercent: '0.0000001',
        sendTimeout: Math.max(1, Math.ceil(timeoutMs / 1_000)),
      },
      timeoutMs: timeoutMs + payGraceMs,
      repeating: 'moves-money',
    });
    // Refused before the node was asked.
    if (answer.status === 401 || answer.status === 403 || answer.status === 404 || answer.status === 422) {
      throw this.#refusal(answer);
    }
    const track = () => this.trackPayment(paymentHash);
    // Complete without a preimage, or still under way: looking it up tells.
    if (isSuccess(answer)) return this.#completed(answer, paymentHash) ?? trackUntil(track, deadlineMs);
    // "generic-error" is also said of a payment that was made before, and 503 of one that is under way.
    const state = await track().catch((): PaymentState => ({ status: 'in-flight' }));
    if (state.status === 'in-flight') return trackUntil(track, deadlineMs);
    if (state.status === 'succeeded') return state;
    // Only BTCPay's own refusal ends it; a proxy that lost patience says nothing of the payment.
    if (answer.status !== 400) return { status: 'in-flight' };
    return { status: 'failed', reason: this.#refusal(answer).message };
  }

  #completed(answer: NodeAnswer, paymentHash: string): PaymentState | undefined {
    const paid = isJsonObject(answer.json) ? answer.json : {};
    if (textOf(paid, 'status') !== 'Complete') return undefined;
    const state = provenSuccess(paymentHash, textOf(paid, 'preimage'), wholeOf(paid, 'feeAmount') ?? 0n);
    return state.status === 'succeeded' ? state : undefined;
  }

  #get(path: string): Promise<NodeAnswer> {
    return this.#call({ method: 'GET', path, repeating: 'harmless' });
  }

  #call(call: NodeCall): Promise<NodeAnswer> {
    return this.#http.call({ ...call, path: this.#path + call.path });
  }

  #object(answer: NodeAnswer): JsonObject {
    if (!isSuccess(answer)) throw this.#refusal(answer);
    return need(isJsonObject(answer.json) ? answer.json : undefined, name, 'a JSON object');
  }

  #refusal(answer: NodeAnswer): NodeError {
    return this.#http.refusal(withoutSecret(answer, this.#secret), codeOf(answer));
  }
}

/** A 404 that says the thing is not there, as opposed to the store, its node or the path. */
function isMissing(answer: NodeAnswer, code: string): boolean {
  return answer.status === 404 && isJsonObject(answer.json) && textOf(answer.json, 'code') === code;
}

/** 503 is BTCPay's word for "the node behind is away", which {@link NodeHttp.refusal} knows already. */
function codeOf(answer: NodeAnswer): NodeErrorCode | undefined {
  return answer.status === 404 ? 'node_refused' : undefined;
}

/** Greater permissions hold lesser ones (BTCPay's documentation of permissions). */
function impliedBy(wanted: string, holds: (permission: string) => boolean): boolean {
  if (wanted === permissions.manage) return false;
  if (holds(permissions.manage)) return true;
  if (wanted === permissions.use) return false;
  return holds(permissions.use) || (wanted === permissions.view && holds(permissions.create));
}
