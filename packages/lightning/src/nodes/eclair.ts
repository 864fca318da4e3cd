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
  CancelledHashes,
  checkInvoiceRequest,
  checkPaymentHash,
  isSuccess,
  needObjects,
  objectsOf,
  plainDescription,
  trackUntil,
  withoutSecret,
} from './answers.js';
import { checkCreatedInvoice } from './created-invoice.js';
import type { NodeAnswer, NodeCall } from './http/call.js';
import { need, objectOf, textOf, wholeOf } from './http/fields.js';
import { inFlightWhenSent } from './http/lost.js';
import { NodeHttp } from './http/node-http.js';
import { OnePayment } from './one-payment.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from './outgoing-payment.js';
import { described, settledAfterMadeMsMax, settledWithin } from './settled-pages.js';

/** How an Eclair is reached. */
export interface EclairOptions extends NodeAccess {
  /** `eclair.api.password`. There is only one: whoever may sell may spend. */
  readonly password: string;
}

const name = 'Eclair';

/** How much longer than its own time-out Eclair may take to say so, milliseconds. It adds two seconds itself. */
const payGraceMs = 3_000;

const pagePaymentsMax = 200;

const networks: Readonly<Record<string, LightningNetwork>> = {
  mainnet: 'mainnet',
  testnet: 'testnet',
  testnet4: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/**
 * ACINQ's Eclair, 0.7 or later, through its HTTP API: forms, and one password. Fees are capped in whole satoshis, so
 * the cap is rounded down. Cancelling deletes the invoice.
 *
 * All methods reject with {@link NodeError}.
 *
 * @throws NodeError `node_refused`: the address or the trust cannot be used
 */
export function openEclair(options: EclairOptions): LightningNode {
  return new EclairNode(options);
}

class EclairNode implements LightningNode {
  readonly capabilities: NodeCapabilities = {
    msat: true,
    feeCap: true,
    cancel: true,
    track: true,
    hold: false,
  };
  readonly #http: NodeHttp;
  readonly #secret: string;
  readonly #expected: LightningNetwork | undefined;
  readonly #now: () => number;
  readonly #cancelled = new CancelledHashes();
  readonly #payments = new OnePayment();
  #info: NodeInfo | undefined;

  constructor(options: EclairOptions) {
    const { password, network, now, ...place } = options;
    const basic = Buffer.from(`:${password}`).toString('base64');
    this.#secret = password;
    this.#http = new NodeHttp({ ...place, name, headers: { Authorization: `Basic ${basic}` } });
    this.#expected = network;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    const answer = this.#object(await this.#call('getinfo', {}));
    const word = need(textOf(answer, 'network'), name, 'its network');
    const network = need(networks[word], name, 'a network that is known');
    if (this.#expected !== undefined && this.#expected !== network) {
      throw new NodeError('node_refused', `${name} is on ${network}, and ${this.#expected} is configured.`);
    }
    this.#info = { kind: 'eclair', network, nodeId: need(textOf(answer, 'nodeId'), name, 'its id') };
    return this.#info;
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const network = await this.#network();
    const answer = this.#object(
      await this.#call('createinvoice', {
        description: plainDescription(request.description),
        amountMsat: String(request.amountMsat),
        expireIn: String(request.expirySeconds),
      }),
    );
    const invoice = need(textOf(answer, 'serialized'), name, 'an invoice');
    return checkCreatedInvoice(
      name,
      { invoice, paymentHash: textOf(answer, 'paymentHash') },
      request,
      network,
    );
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    checkPaymentHash(paymentHash);
    const answer = await this.#call('getreceivedinfo', { paymentHash });
    if (isNotFound(answer)) return this.#cancelled.has(paymentHash) ? { status: 'cancelled' } : undefined;
    const status = objectOf(this.#object(answer), 'status');
    switch (textOf(status, 'type')) {
      case 'pending':
        return { status: 'open' };
      case 'expired':
        return { status: 'cancelled' };
      case 'received': {
        const receivedMsat = wholeOf(status, 'amount');
        const settledMs = Date.parse(textOf(objectOf(status, 'receivedAt'), 'iso') ?? '');
        return {
          status: 'settled',
          ...(receivedMsat === undefined ? undefined : { receivedMsat }),
          ...(Number.isNaN(settledMs) ? undefined : { settledMs }),
        };
      }
      default:
        throw new NodeError('node_misbehaved', `${name} gave an invoice a status that is not known.`);
    }
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    checkPaymentHash(paymentHash);
    const answer = await this.#call('deleteinvoice', { paymentHash });
    // Eclair deletes nothing that was received (400), and says "deleted" of what it never had.
    if (answer.status === 400 && (await this.lookupInvoice(paymentHash))?.status === 'settled') {
      throw new NodeError('node_refused', 'The invoice is settled: it can no longer be cancelled.');
    }
    if (!isSuccess(answer)) throw this.#refusal(answer);
    this.#cancelled.add(paymentHash);
  }

  /** Eclair finds them by when they were made; see {@link settledAfterMadeMsMax}. */
  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    const seconds = (ms: number) => String(Math.max(0, Math.floor(ms / 1_000)));
    return settledWithin(period, async (number) => {
      const answer = await this.#call('listreceivedpayments', {
        from: seconds(period.fromMs - settledAfterMadeMsMax),
        to: seconds(period.untilMs + 1_000),
        count: String(pagePaymentsMax),
        skip: String(number * pagePaymentsMax),
      });
      if (!isSuccess(answer)) throw this.#refusal(answer);
      const listed = objectsOf(answer.json);
      // A short page may be followed by others: Eclair leaves out entries that it cannot read after counting them.
      return { invoices: listed.filter(isReceived).map(settledOf), last: listed.length === 0 };
    });
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(name, request, await this.#network(), this.#now());
    return this.#payments.run(payment.paymentHash, payment.timeoutMs, () => this.#payOnce(payment));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    checkPaymentHash(paymentHash);
    const answer = await this.#call('getsentinfo', { paymentHash });
    if (!isSuccess(answer)) throw this.#refusal(answer);
    const listed = needObjects(answer.json, name, 'a list of payments');
    const parts = listed.map((part) => objectOf(part, 'status'));
    const of = (type: string) => parts.filter((status) => textOf(status, 'type') === type);
    // The preimage of one part is the preimage of the payment; parts of earlier attempts may stand beside it.
    const sent = of('sent');
    const feeMsat = sent.reduce((sum, status) => sum + (wholeOf(status, 'feesPaid') ?? 0n), 0n);
    const [first] = sent;
    if (first !== undefined) return provenSuccess(paymentHash, textOf(first, 'paymentPreimage'), feeMsat);
    if (parts.length === 0) return { status: 'absent' };
    // Whatever is neither sent nor failed may still settle.
    if (of('failed').length < parts.length) return { status: 'in-flight' };
    return { status: 'failed', reason: 'all attempts failed on the way' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const answer = await this.#call('usablebalances', {});
    if (!isSuccess(answer)) throw this.#refusal(answer);
    let spendableMsat = 0n;
    let receivableMsat = 0n;
    for (const channel of objectsOf(answer.json)) {
      spendableMsat += wholeOf(channel, 'canSend') ?? 0n;
      receivableMsat += wholeOf(channel, 'canReceive') ?? 0n;
    }
    return { spendableMsat, receivableMsat };
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  /** Eclair pays an invoice as often as it is told: what it has paid, or is paying, must be asked for first. */
  async #payOnce(payment: OutgoingPayment): Promise<PaymentState> {
    const { paymentHash, timeoutMs } = payment;
    const deadlineMs = performance.now() + timeoutMs;
    const earlier = await this.trackPayment(paymentHash);
    if (earlier.status === 'succeeded') return earlier;
    if (earlier.status === 'in-flight') return trackUntil(() => this.trackPayment(paymentHash), deadlineMs);
    return inFlightWhenSent(() => this.#pay(payment));
  }

  async #pay(payment: OutgoingPayment): Promise<PaymentState> {
    const { invoice, paymentHash, maxFeeMsat, timeoutMs } = payment;
    const call: NodeCall = {
      method: 'POST',
      path: '/payinvoice',
      form: {
        invoice,
        // A fee passes when it keeps to either bound: with no share of the amount, the flat one is the cap.
        maxFeeFlatSat: String(maxFeeMsat / 1_000n),
        maxFeePct: '0',
        blocking: 'true',
        timeoutSeconds: String(Math.max(1, Math.ceil(timeoutMs / 1_000))),
      },
      timeoutMs: timeoutMs + payGraceMs,
      repeating: 'moves-money',
    };
    const answer = withoutSecret(await this.#http.call(call), this.#secret);
    if (answer.status === 401 || answer.status === 404) throw this.#refusal(answer);
    // Neither its time-out nor its "failed" of one request proves anything of another: the list of payments decides.
    const state = await this.trackPayment(paymentHash).catch((): PaymentState => ({ status: 'in-flight' }));
    if (state.status === 'succeeded' || state.status === 'in-flight') return state;
    const said = isJsonObject(answer.json) ? answer.json : {};
    if (isSuccess(answer) && textOf(said, 'type') === 'payment-failed') {
      return { status: 'failed', reason: this.#reasonOf(said) };
    }
    // Refused before an attempt was made, and none is listed.
    if (answer.status === 400 && state.status === 'absent') throw this.#refusal(answer);
    return answer.status === 400 ? state : { status: 'in-flight' };
  }

  #reasonOf(failed: JsonObject): string {
    const last = objectsOf(failed.failures).at(-1) ?? {};
    const words = textOf(last, 'failureMessage') ?? textOf(last, 'message') ?? textOf(last, 't');
    return words === undefined ? 'all attempts failed on the way' : this.#http.clean(words);
  }

  async #network(): Promise<LightningNetwork> {
    return (this.#info ?? (await this.info())).network;
  }

  #object(answer: NodeAnswer): JsonObject {
    if (!isSuccess(answer)) throw this.#refusal(answer);
    return need(isJsonObject(answer.json) ? answer.json : undefined, name, 'a JSON object');
  }

  #refusal(answer: NodeAnswer): NodeError {
    return this.#http.refusal(withoutSecret(answer, this.#secret));
  }

  #call(path: string, form: Readonly<Record<string, string>>): Promise<NodeAnswer> {
    return this.#http.call({ method: 'POST', path: `/${path}`, form, repeating: 'harmless' });
  }
}

/** Eclair says so of what it does not have; of a path that it does not have it says something else. */
function isNotFound(answer: NodeAnswer): boolean {
  return answer.status === 404 && isJsonObject(answer.json) && textOf(answer.json, 'error') === 'Not found';
}

function isReceived(payment: JsonObject): boolean {
  return textOf(objectOf(payment, 'status'), 'type') === 'received';
}

function settledOf(payment: JsonObject): SettledInvoice {
  const status = objectOf(payment, 'status');
  const invoice = objectOf(payment, 'invoice');
  const settledMs = Date.parse(textOf(objectOf(status, 'receivedAt'), 'iso') ?? '');
  return {
    paymentHash: need(textOf(invoice, 'paymentHash'), name, 'the hash of an invoice'),
    receivedMsat: need(wholeOf(status, 'amount'), name, 'what arrived'),
    settledMs: need(Number.isNaN(settledMs) ? undefined : settledMs, name, 'when a payment arrived'),
    ...described(textOf(invoice, 'description')),
  };
}
