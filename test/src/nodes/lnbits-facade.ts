import { decodeInvoice } from '@farebox/lightning';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import { type Facade, type FacadeReply, type FacadeRequest, serveFacade } from './facade.js';
import { endWithin, SentPayments } from './sent-payments.js';

/** The two keys of a wallet. */
export interface LnbitsKeys {
  readonly invoice: string;
  readonly admin: string;
}

/** How an LNbits is set up. */
export interface LnbitsFacadeOptions {
  readonly keys: LnbitsKeys;
  /** What it keeps back for fees, `fee-reserve`. */
  readonly reserveMsat: bigint;
  /** Whether its node told it the preimage when the invoice was made, as LND does: strangers see it then. */
  readonly knowsPreimages: boolean;
  /** Versions before 1.0 do not show it with the invoice; they do to those who ask. */
  readonly shownWithInvoice?: boolean;
  /** 0.12 writes zeros where it knows none. */
  readonly zerosForNone?: boolean;
  /** How long it waits for its node before it answers "pending". */
  readonly waitMs: number;
}

class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** `status` in the body of 520: `failed`, `pending` or `success`. */
    readonly said?: string,
  ) {
    super(message);
  }
}

/** Of an invoice that nobody has paid: what strangers would be shown. The devnet keeps the real one. */
export const lnbitsUnpaidPreimage = '5e'.repeat(32);

interface Listed {
  readonly invoice: string;
  readonly amountMsat: bigint;
}

/** LNbits' interface as of 1.5 (core/views/payment_api.py, core/services/payments.py), as far as the adapter uses it. */
export function serveLnbitsFacade(backing: Backing, options: LnbitsFacadeOptions): Promise<Facade> {
  const wallet = new LnbitsWallet(backing, options);
  return serveFacade(async (request): Promise<FacadeReply> => {
    try {
      const { status, json } = await wallet.call(request);
      return { status, json };
    } catch (error) {
      const { status, message, said } =
        error instanceof ApiError
          ? error
          : new ApiError(520, error instanceof Error ? error.message : '', 'pending');
      return { status, json: { detail: message, ...(said === undefined ? {} : { status: said }) } };
    }
  });
}

interface Answer {
  readonly status: number;
  readonly json: JsonValue;
}

class LnbitsWallet {
  readonly #backing: Backing;
  readonly #options: LnbitsFacadeOptions;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, Listed>();
  readonly #paid = new Map<string, bigint>();

  constructor(backing: Backing, options: LnbitsFacadeOptions) {
    this.#backing = backing;
    this.#options = options;
    this.#payments = new SentPayments(backing.wallet);
  }

  async call(request: FacadeRequest): Promise<Answer> {
    const { method, path, query } = request;
    const key = String(request.headers['x-api-key'] ?? '');
    const own = key === this.#options.keys.admin || key === this.#options.keys.invoice;
    if (method === 'GET' && path === '/api/v1/payments/fee-reserve') {
      const decoded = decodeInvoice(query.get('invoice') ?? '');
      if (!decoded.ok) throw new ApiError(400, decoded.detail);
      return { status: 200, json: { fee_reserve: Number(this.#options.reserveMsat) } };
    }
    const [, hash] = /^\/api\/v1\/payments\/([^/]+)$/.exec(path) ?? [];
    // No key is needed for this one; with the wallet's own, it tells more.
    if (method === 'GET' && hash !== undefined)
      return { status: 200, json: await this.#payment(hash, key, own) };
    if (key === '') throw new ApiError(401, 'No Api Key provided.');
    if (!own) throw new ApiError(404, 'Wallet not found.');
    if (method === 'GET' && path === '/api/v1/wallet') return { status: 200, json: await this.#wallet(key) };
    if (method === 'GET' && path === '/api/v1/payments')
      return { status: 200, json: await this.#list(query) };
    if (method === 'POST' && path === '/api/v1/payments') {
      const body = isJsonObject(request.json) ? request.json : {};
      return { status: 201, json: body.out === true ? await this.#pay(body, key) : await this.#create(body) };
    }
    throw new ApiError(404, 'Not Found');
  }

  async #wallet(key: string): Promise<JsonObject> {
    const { spendableMsat } = await this.#backing.wallet.balance();
    const wallet = { name: 'facade', balance: Number(spendableMsat) };
    return key === this.#options.keys.admin ? { ...wallet, id: 'f00d' } : wallet;
  }

  /** Both ways, pending ones too. Times are in UTC and do not say so. */
  async #list(query: URLSearchParams): Promise<JsonObject[]> {
    if (query.get('sortby') !== 'time' || query.get('direction') !== 'desc')
      throw new ApiError(400, 'unsorted');
    const all = [...this.#invoices.keys()].reverse();
    const [limit, offset] = [Number(query.get('limit')), Number(query.get('offset'))];
    const found = await Promise.all(all.slice(offset, offset + limit).map((hash) => this.#incoming(hash)));
    const naive = (text: unknown) => String(text).replace(/Z$/, '');
    return found.flatMap((each) => {
      const details = each?.details;
      if (!isJsonObject(details)) return [];
      const { time, updated_at = time } = details;
      return [{ ...details, time: naive(time), updated_at: naive(updated_at) }];
    });
  }

  async #create(body: JsonObject): Promise<JsonObject> {
    // `int(amount)`: parts of a satoshi are cut off.
    const amountMsat = BigInt(Math.trunc(Number(body.amount))) * 1_000n;
    const { invoice, paymentHash } = await this.#backing.merchant.createInvoice({
      amountMsat,
      description: String(body.memo),
      expirySeconds: Number(body.expiry),
    });
    this.#invoices.set(paymentHash, { invoice, amountMsat });
    return {
      ...this.#entry(paymentHash, invoice, amountMsat, 'pending'),
      preimage: this.#options.shownWithInvoice === false ? null : this.#unpaidPreimage(),
    };
  }

  async #pay(body: JsonObject, key: string): Promise<JsonObject> {
    if (key !== this.#options.keys.admin) throw new ApiError(403, 'Invoice (or Admin) key required.');
    const invoice = String(body.bolt11);
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) throw new ApiError(520, 'Bolt11 decoding failed.', 'failed');
    const { paymentHash, amountMsat = 0n } = decoded.value;
    const { spendableMsat } = await this.#backing.wallet.balance();
    if (spendableMsat < amountMsat + this.#options.reserveMsat) {
      throw new ApiError(520, 'Insufficient balance.', 'failed');
    }
    const earlier = this.#payments.state(paymentHash).status;
    if (earlier === 'in-flight') throw new ApiError(520, 'Payment is still pending.', 'pending');
    if (earlier === 'succeeded') throw new ApiError(520, 'Payment already paid.', 'success');
    if (earlier === 'failed') {
      throw new ApiError(520, 'Payment is failed node, retrying is not possible.', 'failed');
    }
    this.#paid.set(paymentHash, amountMsat);
    const maxFeeMsat = this.#options.reserveMsat;
    const paying = this.#payments.pay(paymentHash, { invoice, maxFeeMsat, timeoutMs: 60_000 });
    const state = await endWithin(paying, this.#options.waitMs);
    const entry = this.#entry(paymentHash, invoice, -amountMsat, 'pending');
    if (state === undefined) return { ...entry, fee: -Number(maxFeeMsat) };
    if (state.status !== 'succeeded') {
      throw new ApiError(520, `Payment failed: ${state.status === 'failed' ? state.reason : ''}`, 'failed');
    }
    return { ...entry, status: 'success', fee: -Number(state.feeMsat), preimage: state.preimage };
  }

  async #payment(paymentHash: string, key: string, own: boolean): Promise<JsonObject> {
    const found = (await this.#outgoing(paymentHash)) ?? (await this.#incoming(paymentHash));
    // With a key of another wallet it looks among all wallets, as without one.
    if (found === undefined) throw new ApiError(404, 'Payment does not exist.');
    const { details, ...shown } = found;
    return own && key !== '' && details !== undefined ? { ...shown, details } : shown;
  }

  async #outgoing(paymentHash: string): Promise<JsonObject | undefined> {
    const amountMsat = this.#paid.get(paymentHash);
    const state = this.#payments.state(paymentHash);
    if (amountMsat === undefined || state.status === 'absent') return undefined;
    const entry = this.#entry(paymentHash, '', -amountMsat, 'pending');
    if (state.status === 'in-flight')
      return { paid: false, status: 'pending', preimage: null, details: entry };
    if (state.status === 'failed') {
      return { paid: false, status: 'failed', details: { ...entry, status: 'failed' } };
    }
    const { preimage, feeMsat } = state;
    const details = { ...entry, status: 'success', fee: -Number(feeMsat), preimage };
    return { paid: true, preimage, details };
  }

  async #incoming(paymentHash: string): Promise<JsonObject | undefined> {
    const listed = this.#invoices.get(paymentHash);
    const state = await this.#backing.merchant.lookupInvoice(paymentHash);
    if (listed === undefined || state === undefined) return undefined;
    const preimage = this.#unpaidPreimage();
    const entry = this.#entry(paymentHash, listed.invoice, listed.amountMsat, 'pending');
    if (state.status !== 'settled') return { paid: false, status: 'pending', preimage, details: entry };
    const updated_at = new Date(state.settledMs ?? 0).toISOString();
    return { paid: true, preimage, details: { ...entry, status: 'success', updated_at } };
  }

  #unpaidPreimage(): string | null {
    const { knowsPreimages, zerosForNone } = this.#options;
    return knowsPreimages ? lnbitsUnpaidPreimage : zerosForNone ? '0'.repeat(64) : null;
  }

  #entry(paymentHash: string, invoice: string, amountMsat: bigint, status: string): JsonObject {
    return {
      checking_id: paymentHash,
      payment_hash: paymentHash,
      wallet_id: 'f00d',
      amount: Number(amountMsat),
      fee: 0,
      bolt11: invoice,
      status,
      preimage: null,
      time: new Date().toISOString(),
    };
  }
}
