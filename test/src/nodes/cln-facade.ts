import { decodeInvoice, type InvoiceState } from '@farebox/lightning';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import { type Facade, type FacadeReply, type FacadeRequest, serveFacade } from './facade.js';
import { SentPayments } from './sent-payments.js';

/** An error of Core Lightning's JSON-RPC, or of clnrest. */
class RpcError extends Error {
  constructor(
    readonly status: number,
    readonly code: number | null,
    message: string,
  ) {
    super(message);
  }
}

interface Listed {
  readonly label: string;
  readonly invoice: string;
  readonly amountMsat: number;
  /** `created_index`: never given twice, whatever is deleted. */
  readonly index: number;
  readonly expiresAt: number;
}

/**
 * clnrest as of Core Lightning 26.06 (plugins/rest-plugin and doc/schemas), as far as the adapter uses it: success is
 * 201, errors of the node are 500 with its code, and the plugin checks the rune.
 *
 * @param runes the runes that are accepted, and the methods that each allows
 */
export function serveClnFacade(
  backing: Backing,
  runes: ReadonlyMap<string, readonly string[]>,
): Promise<Facade> {
  const node = new Cln(backing);
  return serveFacade(async (request): Promise<FacadeReply> => {
    try {
      const method = methodOf(request);
      authorize(request, runes, method);
      const params = isJsonObject(request.json) ? request.json : {};
      return { status: 201, json: await node.call(method, params) };
    } catch (error) {
      const { status, code, message } =
        error instanceof RpcError
          ? error
          : new RpcError(500, -1, error instanceof Error ? error.message : '');
      return { status, json: { code, message, data: null } };
    }
  });
}

function methodOf({ method, path }: FacadeRequest): string {
  if (!path.startsWith('/v1/')) throw new RpcError(404, -32601, 'Path not found');
  if (method !== 'POST') {
    throw new RpcError(405, -32601, 'Path invalid, http_method must be POST for CLN methods');
  }
  return path.slice('/v1/'.length);
}

function authorize(
  request: FacadeRequest,
  runes: ReadonlyMap<string, readonly string[]>,
  method: string,
): void {
  const { rune } = request.headers;
  if (rune === undefined) throw new RpcError(403, 1501, 'Not authorized: Missing rune');
  const methods = runes.get(String(rune));
  if (methods === undefined) throw new RpcError(401, 1501, 'Not authorized: Not derived from master');
  if (!methods.includes(method)) throw new RpcError(401, 1502, 'Not permitted: method not equal to invoice');
}

class Cln {
  readonly #backing: Backing;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, Listed>();
  #made = 0;

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#payments = new SentPayments(backing.wallet);
  }

  async call(method: string, params: JsonObject): Promise<JsonValue> {
    switch (method) {
      case 'getinfo':
        return this.#getinfo();
      case 'invoice':
        return this.#invoice(params);
      case 'listinvoices':
        return { invoices: await this.#listed(params) };
      case 'delinvoice':
        return this.#delinvoice(String(params.label), String(params.status));
      case 'xpay':
        return this.#xpay(params);
      case 'listpays':
        return { pays: this.#listpays(String(params.payment_hash)) };
      case 'listpeerchannels':
        return { channels: await this.#channels() };
      default:
        throw new RpcError(404, -32601, `Unknown command '${method}'`);
    }
  }

  async #getinfo(): Promise<JsonObject> {
    const { nodeId } = await this.#backing.merchant.info();
    return { id: nodeId ?? '', alias: 'FACADE', version: 'v26.06', network: 'regtest', blockheight: 110 };
  }

  async #invoice(params: JsonObject): Promise<JsonObject> {
    const label = String(params.label);
    if ([...this.#invoices.values()].some((each) => each.label === label)) {
      throw new RpcError(500, 900, `Duplicate label '${label}'`);
    }
    const expirySeconds = Number(params.expiry ?? 604_800);
    const amountMsat = Number(params.amount_msat);
    const { invoice, paymentHash } = await this.#backing.merchant.createInvoice({
      amountMsat: BigInt(amountMsat),
      description: String(params.description),
      expirySeconds,
    });
    const expiresAt = Math.floor(Date.now() / 1_000) + expirySeconds;
    const index = ++this.#made;
    this.#invoices.set(paymentHash, { label, invoice, amountMsat, index, expiresAt });
    return {
      payment_hash: paymentHash,
      expires_at: expiresAt,
      bolt11: invoice,
      payment_secret: '00'.repeat(32),
      created_index: index,
    };
  }

  /** One by its hash, or some by the numbers in which they were made. */
  async #listed(params: JsonObject): Promise<JsonObject[]> {
    if (params.payment_hash !== undefined) return this.#listinvoices(String(params.payment_hash));
    const start = Number(params.start ?? 0);
    const chosen = [...this.#invoices].filter(([, { index }]) => index >= start);
    const views = chosen.slice(0, Number(params.limit ?? chosen.length));
    return (await Promise.all(views.map(([hash]) => this.#listinvoices(hash)))).flat();
  }

  async #listinvoices(paymentHash: string): Promise<JsonObject[]> {
    const listed = this.#invoices.get(paymentHash);
    const state = await this.#backing.merchant.lookupInvoice(paymentHash);
    if (listed === undefined || state === undefined) return [];
    return [invoiceView(paymentHash, listed, state)];
  }

  async #delinvoice(label: string, status: string): Promise<JsonObject> {
    const entry = [...this.#invoices].find(([, each]) => each.label === label);
    if (entry === undefined) throw new RpcError(500, 905, 'Unknown invoice');
    const [paymentHash, listed] = entry;
    const [view] = await this.#listinvoices(paymentHash);
    if (view?.status !== status) {
      throw new RpcError(500, 906, `Invoice status is ${String(view?.status)} not ${status}`);
    }
    if (status !== 'paid') await this.#backing.merchant.cancelInvoice(paymentHash);
    this.#invoices.delete(paymentHash);
    return { ...view, label: listed.label };
  }

  async #xpay(params: JsonObject): Promise<JsonObject> {
    const invoice = String(params.invstring);
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok || decoded.value.network !== 'regtest') throw new RpcError(500, -32602, 'Invalid bolt11');
    const { paymentHash, amountMsat = 0n, timestamp, expirySeconds } = decoded.value;
    if (Date.now() > (timestamp + expirySeconds) * 1_000) throw new RpcError(500, 207, 'Invoice expired');
    const { status } = this.#payments.state(paymentHash);
    if (status === 'succeeded') throw new RpcError(500, 219, 'Already paid this invoice successfully');
    if (status === 'in-flight') {
      throw new RpcError(500, -3, 'Unexpected injectpaymentonion error 200: Payment in progress');
    }
    const maxFeeMsat = BigInt(Number(params.maxfee));
    const timeoutMs = Number(params.retry_for) * 1_000;
    const state = await this.#payments.pay(paymentHash, { invoice, maxFeeMsat, timeoutMs });
    if (state.status !== 'succeeded') {
      const reason = state.status === 'failed' ? state.reason : state.status;
      throw new RpcError(500, reason.includes('rejected') ? 203 : 205, `Failed: ${reason}`);
    }
    return {
      payment_preimage: state.preimage,
      failed_parts: 0,
      successful_parts: 1,
      amount_msat: Number(amountMsat),
      amount_sent_msat: Number(amountMsat + state.feeMsat),
    };
  }

  #listpays(paymentHash: string): JsonObject[] {
    const state = this.#payments.state(paymentHash);
    const common = { payment_hash: paymentHash, created_at: 1_738_000_000, created_index: 1 };
    switch (state.status) {
      case 'absent':
        return [];
      case 'in-flight':
        return [{ ...common, status: 'pending' }];
      case 'failed':
        return [{ ...common, status: 'failed', amount_sent_msat: 0 }];
      case 'succeeded': {
        const amounts = { amount_msat: 1_000, amount_sent_msat: Number(1_000n + state.feeMsat) };
        // An earlier attempt that failed stays in the list.
        const earlier = { ...common, status: 'failed', amount_sent_msat: 0 };
        return [earlier, { ...common, status: 'complete', preimage: state.preimage, ...amounts }];
      }
    }
  }

  async #channels(): Promise<JsonObject[]> {
    const { spendableMsat, receivableMsat } = await this.#backing.wallet.balance();
    const amounts = { spendable_msat: Number(spendableMsat), receivable_msat: Number(receivableMsat) };
    return [
      { peer_connected: true, state: 'CHANNELD_NORMAL', ...amounts },
      { peer_connected: true, state: 'CHANNELD_AWAITING_LOCKIN', ...amounts },
      { peer_connected: false, state: 'CHANNELD_NORMAL', ...amounts },
    ];
  }
}

function invoiceView(paymentHash: string, listed: Listed, state: InvoiceState): JsonObject {
  const view = {
    label: listed.label,
    bolt11: listed.invoice,
    payment_hash: paymentHash,
    amount_msat: listed.amountMsat,
    expires_at: listed.expiresAt,
    created_index: listed.index,
  };
  if (state.status === 'settled') {
    return {
      ...view,
      status: 'paid',
      pay_index: 1,
      amount_received_msat: Number(state.receivedMsat ?? 0n),
      paid_at: Math.floor((state.settledMs ?? 0) / 1_000),
      // Not the real one, which the devnet keeps to itself: something that must not get out either.
      payment_preimage: '5e'.repeat(32),
    };
  }
  return { ...view, status: Date.now() > listed.expiresAt * 1_000 ? 'expired' : 'unpaid' };
}
