import { decodeInvoice } from '@farebox/lightning';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import { type Facade, type FacadeReply, type FacadeRequest, serveFacade } from './facade.js';
import { endWithin, SentPayments } from './sent-payments.js';

const use = 'btcpay.store.canuselightningnode';
const create = 'btcpay.store.cancreatelightninginvoice';
const view = 'btcpay.store.canviewlightninginvoice';

/** Greenfield's errors: a code and a message. */
class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A store, and the API keys that are accepted with their permissions for it. */
export interface BtcpayFacadeOptions {
  readonly storeId: string;
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly permission: string;
  answer(request: FacadeRequest, part: string): Promise<FacadeReply>;
}

/**
 * The Lightning part of BTCPay Server's Greenfield API as of 2.3 (GreenfieldLightningNodeApiController.cs, with LND
 * behind it as in BTCPayServer.Lightning), as far as the adapter uses it.
 */
export function serveBtcpayFacade(backing: Backing, options: BtcpayFacadeOptions): Promise<Facade> {
  const base = `/api/v1/stores/${options.storeId}/lightning/BTC`;
  const routes = routesOf(new BtcpayNode(backing));
  return serveFacade(async (request): Promise<FacadeReply> => {
    try {
      const held = options.keys.get(/^token (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
      if (held === undefined) throw new ApiError(401, 'unauthenticated', 'Authentication is required');
      if (request.path === '/api/v1/api-keys/current') {
        return { json: { apiKey: 'shown', label: 'facade', permissions: [...held] } };
      }
      const path = request.path.startsWith(base) ? request.path.slice(base.length) : '-';
      const route = routes.find((each) => each.method === request.method && each.path.test(path));
      if (route === undefined) return { status: 404, text: '' };
      if (!allows(held, route.permission, options.storeId)) {
        const message = `Insufficient API Permissions. Please use an API key with permission: ${route.permission}`;
        throw new ApiError(403, 'missing-permission', message);
      }
      return await route.answer(request, route.path.exec(path)?.[1] ?? '');
    } catch (error) {
      // What the node behind throws becomes 503.
      const { status, code, message } =
        error instanceof ApiError
          ? error
          : new ApiError(
              503,
              'lightning-node-unavailable',
              `The lightning node is unavailable (${String(error)})`,
            );
      return { status, json: { code, message } };
    }
  });
}

function allows(held: readonly string[], wanted: string, storeId: string): boolean {
  const implying = wanted === view ? [view, create, use] : wanted === create ? [create, use] : [use];
  return implying.some((each) => held.includes(each) || held.includes(`${each}:${storeId}`));
}

function routesOf(node: BtcpayNode): Route[] {
  const ok = async (json: Promise<JsonValue>) => ({ json: await json });
  return [
    { method: 'GET', path: /^\/info$/, permission: use, answer: () => ok(node.info()) },
    { method: 'GET', path: /^\/balance$/, permission: use, answer: () => ok(node.balance()) },
    {
      method: 'POST',
      path: /^\/invoices$/,
      permission: create,
      answer: ({ json }) => ok(node.createInvoice(isJsonObject(json) ? json : {})),
    },
    {
      method: 'GET',
      path: /^\/invoices$/,
      permission: view,
      answer: ({ query }) => ok(node.invoices(Number(query.get('offsetIndex') ?? 0))),
    },
    {
      method: 'GET',
      path: /^\/invoices\/([^/]+)$/,
      permission: view,
      answer: (_, id) => ok(node.invoice(id)),
    },
    {
      method: 'POST',
      path: /^\/invoices\/pay$/,
      permission: use,
      answer: ({ json }) => node.pay(isJsonObject(json) ? json : {}),
    },
    {
      method: 'GET',
      path: /^\/payments\/([^/]+)$/,
      permission: use,
      answer: (_, hash) => ok(node.payment(hash)),
    },
  ];
}

class BtcpayNode {
  readonly #backing: Backing;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, { readonly invoice: string; readonly expiresAt: number }>();
  readonly #amounts = new Map<string, bigint>();

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#payments = new SentPayments(backing.wallet);
  }

  async info(): Promise<JsonObject> {
    const { nodeId } = await this.#backing.wallet.info();
    return { nodeURIs: [`${nodeId}@127.0.0.1:9735`], blockHeight: 110, alias: 'facade', peersCount: 1 };
  }

  async balance(): Promise<JsonObject> {
    const { spendableMsat, receivableMsat } = await this.#backing.wallet.balance();
    const offchain = {
      local: String(spendableMsat),
      remote: String(receivableMsat),
      opening: '0',
      closing: null,
    };
    return { onchain: { confirmed: '0', unconfirmed: '0', reserved: null }, offchain };
  }

  async createInvoice(body: JsonObject): Promise<JsonObject> {
    const expirySeconds = Number(body.expiry);
    try {
      const { invoice, paymentHash } = await this.#backing.merchant.createInvoice({
        amountMsat: BigInt(String(body.amount)),
        description: String(body.description),
        expirySeconds,
      });
      const expiresAt = Math.floor(Date.now() / 1_000) + expirySeconds;
      this.#invoices.set(paymentHash, { invoice, expiresAt });
      const amounts = { amount: String(body.amount), amountReceived: null };
      return {
        id: paymentHash,
        status: 'Unpaid',
        BOLT11: invoice,
        paidAt: null,
        expiresAt,
        ...amounts,
        paymentHash,
      };
    } catch (error) {
      throw new ApiError(400, 'generic-error', error instanceof Error ? error.message : '');
    }
  }

  /** LND's page: the first hundred whose number is above the offset. */
  invoices(offset: number): Promise<JsonObject[]> {
    const page = [...this.#invoices.keys()].slice(offset, offset + 100);
    return Promise.all(page.map((hash) => this.invoice(hash)));
  }

  async invoice(id: string): Promise<JsonObject> {
    const listed = this.#invoices.get(id);
    const state = await this.#backing.merchant.lookupInvoice(id);
    if (listed === undefined || state === undefined) {
      throw new ApiError(404, 'invoice-not-found', 'Impossible to find a lightning invoice with this id');
    }
    const open = Date.now() > listed.expiresAt * 1_000 ? 'Expired' : 'Unpaid';
    const common = { id, paymentHash: id, BOLT11: listed.invoice, expiresAt: listed.expiresAt };
    // LND shows the preimage, paid or not; the devnet keeps the real one. This must not get out either.
    const preimage = '5e'.repeat(32);
    if (state.status !== 'settled') return { ...common, preimage, status: open, paidAt: null };
    const paidAt = Math.floor((state.settledMs ?? 0) / 1_000);
    return { ...common, preimage, status: 'Paid', paidAt, amountReceived: String(state.receivedMsat) };
  }

  async pay(body: JsonObject): Promise<FacadeReply> {
    const invoice = String(body.BOLT11);
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok || decoded.value.network !== 'regtest') {
      return { status: 422, json: [{ path: 'BOLT11', message: 'The BOLT11 invoice was invalid.' }] };
    }
    const { paymentHash, amountMsat = 0n, timestamp, expirySeconds } = decoded.value;
    if (Date.now() > (timestamp + expirySeconds) * 1_000) {
      throw new ApiError(400, 'generic-error', 'invoice expired. Valid until then');
    }
    const earlier = this.#payments.state(paymentHash).status;
    // "already paid" and "in transition" of LND.
    if (earlier === 'succeeded') return { json: await this.payment(paymentHash) };
    if (earlier === 'in-flight') return { status: 202, json: await this.payment(paymentHash) };
    this.#amounts.set(paymentHash, amountMsat);
    const maxFeeMsat = lndFeeLimitMsat(body, amountMsat);
    const paying = this.#payments.pay(paymentHash, { invoice, maxFeeMsat, timeoutMs: 60_000 });
    const state = await endWithin(paying, Number(body.sendTimeout ?? 30) * 1_000);
    if (state === undefined) return { status: 202, json: await this.payment(paymentHash) };
    if (state.status === 'succeeded') return { json: await this.payment(paymentHash) };
    const reason = state.status === 'failed' ? state.reason : '';
    if (reason.includes('rejected'))
      throw new ApiError(400, 'generic-error', 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS');
    throw new ApiError(400, 'could-not-find-route', 'FAILURE_REASON_NO_ROUTE');
  }

  async payment(paymentHash: string): Promise<JsonObject> {
    const state = this.#payments.state(paymentHash);
    const common = { id: paymentHash, paymentHash, BOLT11: '', createdAt: 1_738_000_000 };
    switch (state.status) {
      case 'absent': {
        const message = 'Impossible to find a lightning payment with this payment hash';
        throw new ApiError(404, 'payment-not-found', message);
      }
      case 'in-flight':
        return { ...common, status: 'Pending', preimage: null, totalAmount: null, feeAmount: null };
      case 'failed':
        return { ...common, status: 'Failed', preimage: null, totalAmount: null, feeAmount: null };
      case 'succeeded': {
        const { preimage, feeMsat } = state;
        const totalAmount = String((this.#amounts.get(paymentHash) ?? 0n) + feeMsat);
        return { ...common, status: 'Complete', preimage, totalAmount, feeAmount: String(feeMsat) };
      }
    }
  }
}

/** As BTCPayServer.Lightning.LND does it: a flat limit of nothing is none, and without any it is generous. */
function lndFeeLimitMsat(body: JsonObject, amountMsat: bigint): bigint {
  const flatSat = BigInt(String(body.maxFeeFlat ?? '0'));
  if (flatSat > 0n) return flatSat * 1_000n;
  const percent = Number(body.maxFeePercent ?? '0');
  if (percent > 0) return BigInt(Math.trunc((Number(amountMsat / 1_000n) * percent) / 100)) * 1_000n;
  return amountMsat <= 1_000_000n ? amountMsat : amountMsat / 20n;
}
