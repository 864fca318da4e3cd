import type { JsonObject } from '@farebox/protocol';
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
import { checkInvoiceRequest, checkPaymentHash, plainDescription } from '../answers.js';
import { checkCreatedInvoice } from '../created-invoice.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import { inFlightWhenSent } from '../http/lost.js';
import { OnePayment } from '../one-payment.js';
import { type OutgoingPayment, provenSuccess, readOutgoing } from '../outgoing-payment.js';
import type { HeldRight, NodeRight, RightsSource } from '../rights.js';
import { type NwcConnection, parseConnection } from './connection.js';
import { type SealedRequest, sealRequest, type WalletAnswer } from './envelope.js';
import { RelayLink } from './link.js';
import { nwcSettled } from './settled.js';
import { certainlyUnpaid, isUnauthorized, refusalOf, stateOf, wideRights } from './words.js';

/** How a wallet is reached over Nostr Wallet Connect. */
export interface NwcOptions {
  /** The connection text of the wallet, `nostr+walletconnect://…`. It is a secret. */
  readonly connection: string;
  /** The network that the wallet must be on. Where the wallet does not say: this, or `mainnet`. */
  readonly network?: LightningNetwork;
  /** How long an answer that moves no money may take, milliseconds; {@link nwcAnswerMsDefault} when left out. */
  readonly answerMs?: number;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

/** How long an answer may take where the options say nothing else, milliseconds. */
export const nwcAnswerMsDefault = 10_000;

const name = 'The wallet';

const networks: Readonly<Record<string, LightningNetwork>> = {
  mainnet: 'mainnet',
  bitcoin: 'mainnet',
  testnet: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

const methodOf: readonly (readonly [NodeRight, string])[] = [
  ['info', 'get_info'],
  ['invoice', 'make_invoice'],
  ['lookup', 'lookup_invoice'],
  ['pay', 'pay_invoice'],
  ['track', 'lookup_invoice'],
  ['balance', 'get_balance'],
];

/**
 * Any wallet that speaks Nostr Wallet Connect (NIP-47). The protocol knows no fee cap: what a payment may cost is the
 * wallet's to bound, best by a connection with a budget of its own. Nor can an invoice be cancelled.
 *
 * Resolves once the wallet's announcement has been read, or could not be: the first call then tries again.
 *
 * @throws NodeError `node_refused`: the connection text is none
 */
export async function openNwc(options: NwcOptions): Promise<LightningNode & RightsSource> {
  const connection = parseConnection(options.connection);
  if (!connection.ok) throw new NodeError('node_refused', connection.detail);
  const node = new NwcNode(connection.value, options);
  await node.prepare();
  return node;
}

class NwcNode implements LightningNode, RightsSource {
  readonly #connection: NwcConnection;
  readonly #link: RelayLink;
  readonly #expected: LightningNetwork | undefined;
  readonly #answerMs: number;
  readonly #now: () => number;
  readonly #payments = new OnePayment();
  #info: NodeInfo | undefined;

  constructor(connection: NwcConnection, options: NwcOptions) {
    this.#connection = connection;
    this.#expected = options.network;
    this.#answerMs = options.answerMs ?? nwcAnswerMsDefault;
    this.#now = options.now ?? Date.now;
    this.#link = new RelayLink(connection, { answerMs: this.#answerMs, now: this.#now });
  }

  get capabilities(): NodeCapabilities {
    const methods = this.#link.announced?.methods;
    const track = methods === undefined || methods.has('lookup_invoice');
    return { msat: true, feeCap: false, cancel: false, track, hold: false };
  }

  /** Learns what the wallet can do, where that is possible now. */
  async prepare(): Promise<void> {
    await this.#link.announcement().catch(() => {});
  }

  async info(): Promise<NodeInfo> {
    const { methods } = await this.#link.announcement();
    if (!methods.has('get_info')) return { kind: 'nwc', network: this.#expected ?? 'mainnet' };
    const answer = await this.#ask('get_info', {});
    if (!answer.ok && answer.code === 'RESTRICTED')
      return { kind: 'nwc', network: this.#expected ?? 'mainnet' };
    const result = this.#result(answer);
    const said = textOf(result, 'network');
    const network = said === undefined ? undefined : need(networks[said], name, 'a network that is known');
    if (network !== undefined && this.#expected !== undefined && this.#expected !== network) {
      throw new NodeError(
        'node_refused',
        `The wallet is on ${network}, and ${this.#expected} is configured.`,
      );
    }
    const nodeId = /^0[23][0-9a-f]{64}$/.exec(textOf(result, 'pubkey') ?? '')?.[0];
    this.#info = {
      kind: 'nwc',
      network: network ?? this.#expected ?? 'mainnet',
      ...(nodeId === undefined ? undefined : { nodeId }),
    };
    return this.#info;
  }

  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    checkInvoiceRequest(request);
    const network = await this.#network();
    const result = this.#result(
      await this.#ask('make_invoice', {
        amount: Number(request.amountMsat),
        description: plainDescription(request.description),
        expiry: request.expirySeconds,
      }),
    );
    const invoice = need(textOf(result, 'invoice'), name, 'an invoice');
    return checkCreatedInvoice(
      name,
      { invoice, paymentHash: textOf(result, 'payment_hash') },
      request,
      network,
    );
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    const found = await this.#find(paymentHash);
    if (found === undefined || textOf(found, 'type') === 'outgoing') return undefined;
    const settledAt = wholeOf(found, 'settled_at') ?? 0n;
    switch (stateOf(found)) {
      case 'settled': {
        const receivedMsat = wholeOf(found, 'amount');
        return {
          status: 'settled',
          ...(receivedMsat === undefined ? undefined : { receivedMsat }),
          ...(settledAt > 0n ? { settledMs: Number(settledAt) * 1_000 } : undefined),
        };
      }
      case 'accepted':
        return { status: 'held' };
      case 'expired':
      case 'failed':
        return { status: 'cancelled' };
      default:
        return { status: 'open' };
    }
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    checkPaymentHash(paymentHash);
    throw new NodeError('node_refused', 'Nostr Wallet Connect cannot cancel an invoice: let it expire.');
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return nwcSettled(async (params) => this.#result(await this.#ask('list_transactions', params)), period);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    // What can be refused without a question is refused without one; the network may have to be asked for.
    readOutgoing(name, request, this.#expected, this.#now());
    const payment = readOutgoing(name, request, await this.#network(), this.#now());
    // Wallets differ in whether they pay an invoice twice when told twice at once.
    const pay = () => inFlightWhenSent(() => this.#pay(payment));
    return this.#payments.run(payment.paymentHash, payment.timeoutMs, pay);
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    const found = await this.#find(paymentHash);
    if (found === undefined) return { status: 'absent' };
    const state = stateOf(found);
    if (textOf(found, 'type') === 'incoming') {
      // An invoice of the wallet's own. Whether the wallet itself has paid it cannot be seen, once somebody has.
      return { status: state === 'settled' || state === 'accepted' ? 'in-flight' : 'absent' };
    }
    if (state === 'settled') {
      return provenSuccess(paymentHash, textOf(found, 'preimage'), wholeOf(found, 'fees_paid') ?? 0n);
    }
    if (state === 'failed') return { status: 'failed', reason: 'the wallet lists the payment as failed' };
    return { status: 'in-flight' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    const result = this.#result(await this.#ask('get_balance', {}));
    // The protocol has no word for what the wallet can receive.
    return { spendableMsat: need(wholeOf(result, 'balance'), name, 'its balance'), receivableMsat: 0n };
  }

  async rights(): Promise<readonly HeldRight[] | undefined> {
    const { methods } = await this.#link.announcement();
    const answer = methods.has('get_info') ? await this.#ask('get_info', {}) : undefined;
    // What this connection may do, or at least what the wallet can do at all.
    const granted = answer?.ok === true ? answer.result.methods : undefined;
    const held = Array.isArray(granted) ? new Set(granted.map(String)) : methods;
    const own = methodOf.map(([right, word]) => ({ right, held: held.has(word), word }));
    return [...own, ...wideRights(held)];
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  async #pay(payment: OutgoingPayment): Promise<PaymentState> {
    const { invoice, paymentHash, timeoutMs } = payment;
    const request = await this.#seal('pay_invoice', { invoice }, timeoutMs);
    const answer = await this.#link.order(request, timeoutMs);
    if (answer.ok) {
      const feeMsat = wholeOf(answer.result, 'fees_paid') ?? 0n;
      const state = provenSuccess(paymentHash, textOf(answer.result, 'preimage'), feeMsat);
      return state.status === 'succeeded' ? state : this.#tracked(paymentHash);
    }
    if (isUnauthorized(answer)) throw refusalOf(answer);
    // An error of one request proves nothing of another for the same invoice: what the wallet has recorded decides.
    const state = this.capabilities.track
      ? await this.#tracked(paymentHash)
      : ({ status: 'absent' } as const);
    if (state.status !== 'absent') return state;
    // "Internal" and "other" may be said in the middle of a payment.
    return certainlyUnpaid(answer)
      ? { status: 'failed', reason: refusalOf(answer).message }
      : { status: 'in-flight' };
  }

  #tracked(paymentHash: string): Promise<PaymentState> {
    return this.trackPayment(paymentHash).catch(() => ({ status: 'in-flight' }));
  }

  async #network(): Promise<LightningNetwork> {
    return (this.#info ?? (await this.info())).network;
  }

  async #find(paymentHash: string): Promise<JsonObject | undefined> {
    checkPaymentHash(paymentHash);
    const answer = await this.#ask('lookup_invoice', { payment_hash: paymentHash });
    if (!answer.ok && answer.code === 'NOT_FOUND') return undefined;
    const found = this.#result(answer);
    const about = textOf(found, 'payment_hash');
    if (about !== undefined && about !== paymentHash) {
      throw new NodeError('node_misbehaved', 'The wallet answered about another payment than was asked for.');
    }
    return found;
  }

  async #ask(method: string, params: JsonObject): Promise<WalletAnswer> {
    return this.#link.ask(await this.#seal(method, params, this.#answerMs));
  }

  async #seal(method: string, params: JsonObject, lifeMs: number): Promise<SealedRequest> {
    const { encryption, methods } = await this.#link.announcement();
    if (methods.size > 0 && !methods.has(method)) {
      throw new NodeError('node_refused', `The wallet does not offer ${method}; use one that does.`);
    }
    const nowMs = this.#now();
    return sealRequest(this.#connection, encryption, method, params, nowMs, nowMs + lifeMs);
  }

  #result(answer: WalletAnswer): JsonObject {
    if (answer.ok) return answer.result;
    throw refusalOf(answer);
  }
}
