import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
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
} from '../../node.js';
import type { NodeAccess } from '../access.js';
import {
  CancelledHashes,
  checkInvoiceRequest,
  checkPaymentHash,
  isSuccess,
  needObjects,
  objectsOf,
  plainDescription,
} from '../answers.js';
import { checkCreatedInvoice } from '../created-invoice.js';
import type { NodeAnswer } from '../http/call.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import { inFlightWhenSent } from '../http/lost.js';
import { NodeHttp } from '../http/node-http.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from '../outgoing-payment.js';
import type { HeldRight, RightsSource } from '../rights.js';
import { clnName, msatOf } from './fields.js';
import { runeRights } from './rune.js';
import { clnSettled } from './settled.js';

/** How a Core Lightning node is reached. */
export interface ClnOptions extends NodeAccess {
  /** Made by `lightning-cli createrune`. */
  readonly rune: string;
}

/** How much longer than its own time-out the answer of `xpay` may take, milliseconds. */
const payGraceMs = 3_000;

/** Codes of `delinvoice` (its documentation, "Errors"). */
const invoiceAbsentCode = 905;
const invoiceStatusCode = 906;

const networks: Readonly<Record<string, LightningNetwork>> = {
  bitcoin: 'mainnet',
  testnet: 'testnet',
  testnet4: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/**
 * Core Lightning 24.11 or later, through its `clnrest` plugin: every call is `POST /v1/<method>` with the rune in a
 * header, and pays with `xpay`. Amounts are exact to the millisatoshi, and `xpay` keeps the fee cap itself.
 *
 * All methods reject with {@link NodeError}.
 *
 * @throws NodeError `node_refused`: the address or the trust cannot be used
 */
export function openCln(options: ClnOptions): LightningNode & RightsSource {
  return new ClnNode(options);
}

class ClnNode implements LightningNode, RightsSource {
  readonly capabilities: NodeCapabilities = {
    msat: true,
    feeCap: true,
    cancel: true,
    track: true,
    hold: false,
  };
  readonly #http: NodeHttp;
  readonly #rune: string;
  readonly #expected: LightningNetwork | undefined;
  readonly #now: () => number;
  readonly #cancelled = new CancelledHashes();
  #info: NodeInfo | undefined;

  constructor(options: ClnOptions) {
    const { rune, network, now, ...place } = options;
    this.#http = new NodeHttp({ ...place, name: clnName, headers: { Rune: rune } });
    this.#rune = rune;
    this.#expected = network;
    this.#now = now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    const answer = await this.#ask('getinfo', {});
    const word = need(textOf(answer, 'network'), clnName, 'its network');
    const network = need(networks[word], clnName, 'a network that is known');
    if (this.#expected !== undefined && this.#expected !== network) {
      throw new NodeError(
        'node_refused',
        `${clnName} is on ${network}, and ${this.#expected} is configured.`,
      );
    }
    this.#info = { kind: 'cln', network, nodeId: need(textOf(answer, 'id'), clnName, 'its id') };
    return this.#info;
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const network = await this.#network();
    const answer = await this.#ask('invoice', {
      amount_msat: Number(request.amountMsat),
      // Unique, and never guessed: whoever knows it learns nothing.
      label: `farebox-${randomUUID()}`,
      // The node takes no \u escapes, which is how JSON writes control characters and halves of pairs.
      description: plainDescription(request.description),
      expiry: request.expirySeconds,
    });
    const invoice = need(textOf(answer, 'bolt11'), clnName, 'an invoice');
    return checkCreatedInvoice(
      clnName,
      { invoice, paymentHash: textOf(answer, 'payment_hash') },
      request,
      network,
    );
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    const invoice = await this.#invoice(paymentHash);
    switch (invoice === undefined ? undefined : textOf(invoice, 'status')) {
      case 'paid':
        return settledState(invoice ?? {});
      case 'unpaid':
        return { status: 'open' };
      case 'expired':
        // Nothing can arrive for it any more.
        return { status: 'cancelled' };
      default:
        return this.#cancelled.has(paymentHash) ? { status: 'cancelled' } : undefined;
    }
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    for (;;) {
      const invoice = await this.#invoice(paymentHash);
      // Cancelling deletes, so that an invoice that is not there has been cancelled.
      if (invoice === undefined) return;
      const status = textOf(invoice, 'status') ?? '';
      if (status === 'paid') {
        throw new NodeError('node_refused', 'The invoice is settled: it can no longer be cancelled.');
      }
      const label = need(textOf(invoice, 'label'), clnName, 'the label of an invoice');
      const answer = await this.#call('delinvoice', { label, status });
      const code = codeOf(answer);
      // It was paid or expired between the two calls: look again. Each status is left at most once.
      if (code === invoiceStatusCode) continue;
      if (!isSuccess(answer) && code !== invoiceAbsentCode) throw this.#refusal(answer);
      this.#cancelled.add(paymentHash);
      return;
    }
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return clnSettled((method, params) => this.#ask(method, params), period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const payment = readOutgoing(clnName, request, await this.#network(), this.#now());
    return inFlightWhenSent(() => this.#pay(payment));
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    checkPaymentHash(paymentHash);
    const answer = await this.#ask('listpays', { payment_hash: paymentHash });
    const pays = needObjects(answer.pays, clnName, 'a list of payments');
    const find = (status: string) => pays.find((pay) => textOf(pay, 'status') === status);
    const complete = find('complete');
    if (complete !== undefined) {
      return provenSuccess(paymentHash, textOf(complete, 'preimage'), feeOf(complete));
    }
    // Several attempts may be listed: one that can still settle outweighs those that failed.
    if (find('pending') !== undefined) return { status: 'in-flight' };
    if (find('failed') !== undefined) return { status: 'failed', reason: 'all attempts failed on the way' };
    return pays.length === 0 ? { status: 'absent' } : { status: 'in-flight' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const answer = await this.#ask('listpeerchannels', {});
    let spendableMsat = 0n;
    let receivableMsat = 0n;
    for (const channel of objectsOf(answer.channels)) {
      if (textOf(channel, 'state') !== 'CHANNELD_NORMAL' || channel.peer_connected !== true) continue;
      spendableMsat += msatOf(channel, 'spendable_msat') ?? 0n;
      receivableMsat += msatOf(channel, 'receivable_msat') ?? 0n;
    }
    return { spendableMsat, receivableMsat };
  }

  async rights(): Promise<readonly HeldRight[] | undefined> {
    return runeRights(this.#rune);
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  async #pay(payment: OutgoingPayment): Promise<PaymentState> {
    const { invoice, paymentHash, amountMsat, maxFeeMsat, timeoutMs } = payment;
    const answer = await this.#http.call({
      method: 'POST',
      path: '/v1/xpay',
      json: {
        invstring: invoice,
        maxfee: Number(maxFeeMsat),
        retry_for: Math.max(1, Math.floor(timeoutMs / 1_000)),
      },
      timeoutMs: timeoutMs + payGraceMs,
      repeating: 'moves-money',
    });
    if (isSuccess(answer)) {
      const paid = isJsonObject(answer.json) ? answer.json : {};
      const sent = msatOf(paid, 'amount_sent_msat') ?? amountMsat;
      return provenSuccess(paymentHash, textOf(paid, 'payment_preimage'), sent - amountMsat);
    }
    // The plugin refuses these before the node hears of them.
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) throw this.#refusal(answer);
    return this.#afterError(paymentHash, answer);
  }

  /**
   * `xpay` answers with an error as soon as it will not try again, which is not the same as "nothing can settle":
   * parts that are on their way stay there. Only the list of payments decides.
   */
  async #afterError(paymentHash: string, answer: NodeAnswer): Promise<PaymentState> {
    let state: PaymentState;
    try {
      state = await this.trackPayment(paymentHash);
    } catch {
      return { status: 'in-flight' };
    }
    if (state.status === 'succeeded' || state.status === 'in-flight') return state;
    // An error without a code is the plugin's own: it lost the node, which may be trying still.
    if (codeOf(answer) === undefined) return { status: 'in-flight' };
    return { status: 'failed', reason: this.#refusal(answer).message };
  }

  async #network(): Promise<LightningNetwork> {
    return (this.#info ?? (await this.info())).network;
  }

  async #invoice(paymentHash: string): Promise<JsonObject | undefined> {
    checkPaymentHash(paymentHash);
    const answer = await this.#ask('listinvoices', { payment_hash: paymentHash });
    return needObjects(answer.invoices, clnName, 'a list of invoices')[0];
  }

  async #ask(method: string, params: JsonObject): Promise<JsonObject> {
    const answer = await this.#call(method, params);
    if (!isSuccess(answer)) throw this.#refusal(answer);
    return need(isJsonObject(answer.json) ? answer.json : undefined, clnName, 'a JSON object');
  }

  #call(method: string, params: JsonValue): Promise<NodeAnswer> {
    return this.#http.call({ method: 'POST', path: `/v1/${method}`, json: params, repeating: 'harmless' });
  }

  #refusal(answer: NodeAnswer): NodeError {
    return this.#http.refusal(answer, errorCodeOf(answer));
  }
}

/** The code of the node's JSON-RPC error; undefined where clnrest speaks for itself. */
function codeOf(answer: NodeAnswer): number | undefined {
  if (isSuccess(answer) || !isJsonObject(answer.json)) return undefined;
  const code = answer.json.code;
  return typeof code === 'number' ? code : undefined;
}

/** clnrest answers 500 to every error of the node; only one without a code means that the node is away. */
function errorCodeOf(answer: NodeAnswer): NodeErrorCode | undefined {
  if (answer.status !== 500) return undefined;
  return codeOf(answer) === undefined ? 'node_unreachable' : 'node_refused';
}

function settledState(invoice: JsonObject): InvoiceState {
  const receivedMsat = msatOf(invoice, 'amount_received_msat');
  const paidAt = wholeOf(invoice, 'paid_at');
  return {
    status: 'settled',
    ...(receivedMsat === undefined ? undefined : { receivedMsat }),
    ...(paidAt === undefined ? undefined : { settledMs: Number(paidAt) * 1_000 }),
  };
}

function feeOf(pay: JsonObject): bigint {
  const sent = msatOf(pay, 'amount_sent_msat');
  const amount = msatOf(pay, 'amount_msat');
  return sent === undefined || amount === undefined ? 0n : sent - amount;
}
