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
  objectsOf,
  plainDescription,
  withoutSecret,
} from './answers.js';
import { checkCreatedInvoice, wholeSat } from './created-invoice.js';
import type { NodeAnswer, NodeCall } from './http/call.js';
import { need, textOf, wholeOf } from './http/fields.js';
import { inFlightWhenSent } from './http/lost.js';
import { NodeHttp } from './http/node-http.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from './outgoing-payment.js';
import { phoenixdSettled } from './phoenixd-settled.js';
import type { HeldRight, RightsSource } from './rights.js';

/** What phoenixd takes for a payment. */
export interface PhoenixdFee {
  readonly baseMsat: bigint;
  /** Parts of a million of the amount. */
  readonly millionths: bigint;
}

/** ACINQ's fee for every payment: 4 sat and 0.4 %. phoenixd takes no limit, so the cap is held against this. */
export const phoenixdFeeDefault: PhoenixdFee = { baseMsat: 4_000n, millionths: 4_000n };

/** How a phoenixd is reached. */
export interface PhoenixdOptions extends NodeAccess {
  /** `http-password` of `phoenix.conf`; `http-password-limited-access` is enough to sell. */
  readonly password: string;
  /** {@link phoenixdFeeDefault} when left out. */
  readonly fee?: PhoenixdFee;
}

const name = 'phoenixd';

/** Longest description that phoenixd takes, UTF-16 units. */
export const phoenixdDescriptionCharsMax = 128;

const networks: Readonly<Record<string, LightningNetwork>> = {
  mainnet: 'mainnet',
  testnet: 'testnet',
  testnet3: 'testnet',
  testnet4: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/**
 * ACINQ's phoenixd 0.5 or later. Whole satoshis only. It can neither cancel an invoice nor be told a fee cap: the cap
 * is checked beforehand against its published fee.
 *
 * All methods reject with {@link NodeError}.
 *
 * @throws NodeError `node_refused`: the address or the trust cannot be used
 */
export function openPhoenixd(options: PhoenixdOptions): LightningNode & RightsSource {
  return new PhoenixdNode(options);
}

class PhoenixdNode implements LightningNode, RightsSource {
  readonly capabilities: NodeCapabilities = {
    msat: false,
    feeCap: false,
    cancel: false,
    track: true,
    hold: false,
  };
  readonly #http: NodeHttp;
  readonly #secret: string;
  readonly #expected: LightningNetwork | undefined;
  readonly #fee: PhoenixdFee;
  readonly #now: () => number;
  #info: NodeInfo | undefined;

  constructor(options: PhoenixdOptions) {
    const { password, network, fee, now, ...place } = options;
    const basic = Buffer.from(`:${password}`).toString('base64');
    this.#secret = password;
    this.#http = new NodeHttp({ ...place, name, headers: { Authorization: `Basic ${basic}` } });
    this.#expected = network;
    this.#fee = fee ?? phoenixdFeeDefault;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    const answer = await this.#ask({ method: 'GET', path: '/getinfo', repeating: 'harmless' });
    const word = need(textOf(answer, 'chain'), name, 'its chain');
    const network = need(networks[word], name, 'a chain that is known');
    if (this.#expected !== undefined && this.#expected !== network) {
      throw new NodeError('node_refused', `${name} is on ${network}, and ${this.#expected} is configured.`);
    }
    this.#info = { kind: 'phoenixd', network, nodeId: need(textOf(answer, 'nodeId'), name, 'its id') };
    return this.#info;
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const form = {
      amountSat: String(wholeSat(name, request.amountMsat)),
      description: plainDescription(request.description, phoenixdDescriptionCharsMax),
      expirySeconds: String(request.expirySeconds),
    };
    const network = await this.#network();
    const answer = await this.#ask({ method: 'POST', path: '/createinvoice', form, repeating: 'harmless' });
    const invoice = need(textOf(answer, 'serialized'), name, 'an invoice');
    return checkCreatedInvoice(
      name,
      { invoice, paymentHash: textOf(answer, 'paymentHash') },
      request,
      network,
    );
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    const invoice = await this.#find('incoming', paymentHash);
    if (invoice === undefined) return undefined;
    if (invoice.isPaid !== true) return { status: invoice.isExpired === true ? 'cancelled' : 'open' };
    const receivedSat = wholeOf(invoice, 'receivedSat');
    const completedMs = wholeOf(invoice, 'completedAt');
    return {
      status: 'settled',
      ...(receivedSat === undefined ? undefined : { receivedMsat: receivedSat * 1_000n }),
      ...(completedMs === undefined ? undefined : { settledMs: Number(completedMs) }),
    };
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    checkPaymentHash(paymentHash);
    throw new NodeError('node_refused', 'phoenixd cannot cancel an invoice: let it expire.');
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return phoenixdSettled(async (path) => {
      const answer = await this.#http.call({ method: 'GET', path, repeating: 'harmless' });
      if (!isSuccess(answer)) throw this.#refusal(answer);
      return objectsOf(answer.json);
    }, period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(name, request, await this.#network(), this.#now());
    const feeMsat = this.#fee.baseMsat + (payment.amountMsat * this.#fee.millionths) / 1_000_000n;
    if (feeMsat > payment.maxFeeMsat) {
      throw new NodeError(
        'node_refused',
        `phoenixd takes ${feeMsat} msat for this payment, above the fee cap of ${payment.maxFeeMsat} msat; raise the cap or pay from another node.`,
      );
    }
    return inFlightWhenSent(() => this.#pay(payment));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    const payment = await this.#find('outgoingbyhash', paymentHash);
    if (payment === undefined) return { status: 'absent' };
    if (payment.isPaid === true) {
      return provenSuccess(paymentHash, textOf(payment, 'preimage'), wholeOf(payment, 'fees') ?? 0n);
    }
    // Of several attempts phoenixd shows the furthest; this one has ended without success.
    if (wholeOf(payment, 'completedAt') !== undefined) {
      return { status: 'failed', reason: 'phoenixd lists the payment as failed' };
    }
    return { status: 'in-flight' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const [balance, info] = await Promise.all([
      this.#ask({ method: 'GET', path: '/getbalance', repeating: 'harmless' }),
      this.#ask({ method: 'GET', path: '/getinfo', repeating: 'harmless' }),
    ]);
    const spendableSat = need(wholeOf(balance, 'balanceSat'), name, 'its balance');
    const receivableSat = objectsOf(info.channels).reduce(
      (sum, channel) => sum + (wholeOf(channel, 'inboundLiquiditySat') ?? 0n),
      0n,
    );
    return { spendableMsat: spendableSat * 1_000n, receivableMsat: receivableSat * 1_000n };
  }

  /** Tells the two passwords apart by a payment of nothing: whoever may not pay is refused before it is read. */
  async rights(): Promise<readonly HeldRight[] | undefined> {
    await this.info();
    const answer = await this.#http.call({
      method: 'POST',
      path: '/payinvoice',
      form: {},
      repeating: 'harmless',
    });
    const full = answer.status === 400;
    if (!full && answer.status !== 401) throw this.#refusal(answer);
    const all = ['info', 'invoice', 'lookup', 'track', 'balance'] as const;
    const more = ['pay', 'onchain', 'administer'] as const;
    return [
      ...all.map((right) => ({ right, held: true, word: 'limited access' })),
      ...more.map((right) => ({ right, held: full, word: 'full access' })),
    ];
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  async #pay(payment: OutgoingPayment): Promise<PaymentState> {
    const { invoice, paymentHash, timeoutMs } = payment;
    const call: NodeCall = {
      method: 'POST',
      path: '/payinvoice',
      form: { invoice },
      // phoenixd takes no deadline: what it does after this is found by tracking.
      timeoutMs,
      repeating: 'moves-money',
    };
    const answer = withoutSecret(await this.#http.call(call), this.#secret);
    // Refused before the payment was read.
    if (answer.status === 401 || answer.status === 404) throw this.#refusal(answer);
    // 200 also says that a payment failed, for instance because it is under way: the list of payments decides.
    // And it knows the fee to the millisatoshi, which this answer rounds.
    const state = await this.trackPayment(paymentHash).catch((): PaymentState => ({ status: 'in-flight' }));
    if (state.status === 'succeeded') return state;
    const said = isJsonObject(answer.json) ? answer.json : {};
    const preimage = textOf(said, 'paymentPreimage');
    if (isSuccess(answer) && preimage !== undefined) {
      return provenSuccess(paymentHash, preimage, (wholeOf(said, 'routingFeeSat') ?? 0n) * 1_000n);
    }
    if (state.status === 'in-flight') return state;
    const reason = textOf(said, 'reason');
    if (isSuccess(answer) && reason !== undefined)
      return { status: 'failed', reason: this.#http.clean(reason) };
    // A request that phoenixd did not understand, and knows nothing of, was not carried out.
    if (answer.status === 400) throw this.#refusal(answer);
    return state.status === 'failed' ? state : { status: 'in-flight' };
  }

  async #network(): Promise<LightningNetwork> {
    return (this.#info ?? (await this.info())).network;
  }

  /** One payment; undefined where phoenixd has none with that hash. */
  async #find(list: 'incoming' | 'outgoingbyhash', paymentHash: string): Promise<JsonObject | undefined> {
    checkPaymentHash(paymentHash);
    const answer = await this.#http.call({
      method: 'GET',
      path: `/payments/${list}/${paymentHash}`,
      repeating: 'harmless',
    });
    // Only these words mean "none"; an endpoint that is missing is 404 too, and proves nothing.
    if (answer.status === 404 && answer.text.trim() === 'Not found') return undefined;
    return this.#object(answer);
  }

  async #ask(call: NodeCall): Promise<JsonObject> {
    return this.#object(await this.#http.call(call));
  }

  #object(answer: NodeAnswer): JsonObject {
    if (!isSuccess(answer)) throw this.#refusal(answer);
    return need(isJsonObject(answer.json) ? answer.json : undefined, name, 'a JSON object');
  }

  /** phoenixd writes its errors as plain text. */
  #refusal(answer: NodeAnswer): NodeError {
    const { status, text } = withoutSecret(answer, this.#secret);
    const code: NodeErrorCode | undefined = status === 404 ? 'node_misbehaved' : undefined;
    return this.#http.refusal({ status, json: { message: text } }, code);
  }
}
