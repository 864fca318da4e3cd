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
} from '../../node.js';
import type { NodeAccess } from '../access.js';
import { checkInvoiceRequest } from '../answers.js';
import { checkCreatedInvoice } from '../created-invoice.js';
import type { NodeAnswer, NodeCall } from '../http/call.js';
import { need, objectOf, textOf, wholeOf } from '../http/fields.js';
import { inFlightWhenSent } from '../http/lost.js';
import { NodeHttp } from '../http/node-http.js';
import { readOutgoing } from '../outgoing-payment.js';
import type { HeldRight, RightsSource } from '../rights.js';
import { type Macaroon, readMacaroon, rightsOf } from './macaroon.js';
import { send, track } from './payments.js';
import { errorOfAnswer, grpcNotFound, lndRefusalOf } from './refusal.js';
import { lndSettled } from './settled.js';
import { hashBytes, hexOf, invoiceStateOf, lndName, networkOf } from './wire.js';

/** How an LND is reached. */
export interface LndOptions extends NodeAccess {
  /**
   * The content of a macaroon file, or its hex. Selling needs `invoices:read invoices:write` (LND's own
   * `invoice.macaroon` will do; name the network then, since it may not ask LND for it), paying
   * `info:read offchain:read offchain:write`.
   */
  readonly macaroon: string | Uint8Array;
}

/** An invoice whose payment is held until the caller settles or cancels it. */
export interface LndHoldRequest extends InvoiceRequest {
  /** SHA-256 of a preimage that the caller keeps. Lowercase hex. */
  readonly paymentHash: string;
}

/** LND, with hold invoices beside what every node can do. */
export interface LndNode extends LightningNode, RightsSource {
  holdInvoice(request: LndHoldRequest): Promise<CreatedInvoice>;
  /** Takes the held payment of this preimage's invoice. */
  settleHold(preimage: string): Promise<void>;
  /** Gives a held payment back and cancels its invoice. Idempotent. */
  cancelHold(paymentHash: string): Promise<void>;
}

/**
 * LND 0.18 or later, through its REST interface. Amounts are exact to the millisatoshi, LND keeps the fee cap, and
 * what became of a payment can be asked for at any time. When a payment's time is up it is told to start no further
 * attempt; what is on its way then stays `in-flight` until LND says how it ended.
 *
 * All methods reject with {@link NodeError}. The balance includes the reserve that channels must keep.
 *
 * @throws NodeError `node_refused`: the address, the trust or the macaroon cannot be used
 */
export function openLnd(options: LndOptions): LndNode {
  return new Lnd(options);
}

class Lnd implements LndNode {
  readonly capabilities: NodeCapabilities = {
    msat: true,
    feeCap: true,
    cancel: true,
    track: true,
    hold: true,
  };
  readonly #http: NodeHttp;
  readonly #macaroon: Macaroon;
  readonly #expected: LightningNetwork | undefined;
  readonly #now: () => number;
  #found: LightningNetwork | undefined;

  constructor(options: LndOptions) {
    const { macaroon, network, now, ...place } = options;
    this.#macaroon = readMacaroon(macaroon);
    const headers = { 'Grpc-Metadata-macaroon': this.#macaroon.hex };
    this.#http = new NodeHttp({ ...place, name: lndName, headers });
    this.#expected = network;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    let answer: JsonObject;
    try {
      answer = await this.#ask({ method: 'GET', path: '/v1/getinfo', repeating: 'harmless' });
    } catch (error) {
      const unnamed = error instanceof NodeError && error.code === 'node_unauthorized' && !this.#mayAskInfo();
      if (!unnamed) throw error;
      return this.#unnamedInfo();
    }
    const network = networkOf(answer);
    if (this.#expected !== undefined && this.#expected !== network) {
      throw new NodeError('node_refused', `LND is on ${network}, and ${this.#expected} is configured.`);
    }
    this.#found = network;
    return {
      kind: 'lnd',
      network,
      nodeId: need(textOf(answer, 'identity_pubkey'), lndName, 'its public key'),
    };
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const network = await this.#network();
    // Made twice, when a dead connection hid the first answer, it does no harm: nobody has the first one.
    const json = { ...invoiceBody(request) };
    const answer = await this.#ask({ method: 'POST', path: '/v1/invoices', json, repeating: 'harmless' });
    const invoice = need(textOf(answer, 'payment_request'), lndName, 'an invoice');
    return checkCreatedInvoice(lndName, { invoice, paymentHash: hexOf(answer, 'r_hash') }, request, network);
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    const path = `/v1/invoice/${hashBytes(paymentHash).toString('hex')}`;
    const answer = await this.#http.call({ method: 'GET', path, repeating: 'harmless' });
    if (lndRefusalOf(answer.json)?.code === grpcNotFound) return undefined;
    return invoiceStateOf(this.#object(answer));
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    const json = { payment_hash: hashBytes(paymentHash).toString('base64') };
    await this.#ask({ method: 'POST', path: '/v2/invoices/cancel', json, repeating: 'harmless' });
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return lndSettled(this.#http, period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(lndName, request, this.#found ?? this.#expected, this.#now());
    return inFlightWhenSent(() => send(this.#http, payment));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    return track(this.#http, paymentHash);
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const answer = await this.#ask({ method: 'GET', path: '/v1/balance/channels', repeating: 'harmless' });
    const msat = (side: string) =>
      need(wholeOf(objectOf(answer, side), 'msat'), lndName, `the msat of ${side}`);
    return { spendableMsat: msat('local_balance'), receivableMsat: msat('remote_balance') };
  }

  async holdInvoice(request: LndHoldRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const network = await this.#network();
    const { paymentHash } = request;
    const json = { ...invoiceBody(request), hash: hashBytes(paymentHash).toString('base64') };
    const answer = await this.#ask({
      method: 'POST',
      path: '/v2/invoices/hodl',
      json,
      repeating: 'harmless',
    });
    const invoice = need(textOf(answer, 'payment_request'), lndName, 'an invoice');
    return checkCreatedInvoice(lndName, { invoice, paymentHash }, request, network);
  }

  async settleHold(preimage: string): Promise<void> {
    const json = { preimage: hashBytes(preimage).toString('base64') };
    await this.#ask({ method: 'POST', path: '/v2/invoices/settle', json, repeating: 'harmless' });
  }

  cancelHold(paymentHash: string): Promise<void> {
    return this.cancelInvoice(paymentHash);
  }

  rights(): Promise<readonly HeldRight[]> {
    return Promise.resolve(rightsOf(this.#macaroon.operations));
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  async #network(): Promise<LightningNetwork> {
    this.#found ??= (await this.info()).network;
    return this.#found;
  }

  #mayAskInfo(): boolean {
    return rightsOf(this.#macaroon.operations).some(({ right, held }) => right === 'info' && held);
  }

  #unnamedInfo(): NodeInfo {
    if (this.#expected === undefined) {
      throw new NodeError(
        'node_unauthorized',
        'The macaroon may not ask LND for its network; name the network in the configuration, or add info:read.',
      );
    }
    return { kind: 'lnd', network: this.#expected };
  }

  async #ask(call: NodeCall): Promise<JsonObject> {
    return this.#object(await this.#http.call(call));
  }

  #object(answer: NodeAnswer): JsonObject {
    if (answer.status !== 200) throw errorOfAnswer(this.#http, answer);
    if (isJsonObject(answer.json)) return answer.json;
    throw new NodeError('node_misbehaved', 'LND answered something that is not JSON; check the address.');
  }
}

function invoiceBody(request: InvoiceRequest): JsonObject {
  return {
    memo: request.description,
    value_msat: String(request.amountMsat),
    expiry: String(request.expirySeconds),
    // Without hints, a node that has only private channels makes invoices that nobody can pay.
    private: true,
  };
}
