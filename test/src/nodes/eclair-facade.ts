import { decodeInvoice } from '@farebox/lightning';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import { type Facade, type FacadeReply, serveFacade } from './facade.js';
import { endWithin, SentPayments } from './sent-payments.js';

/** Eclair's errors are a JSON object with `error`. What went wrong inside stands in its log only. */
class ApiError extends Error {
  constructor(
    readonly status: number,
    message = 'API call failed: check logs for more details',
  ) {
    super(message);
  }
}

const ids = { id: '00000000-0000-0000-0000-000000000000', parentId: '11111111-1111-1111-1111-111111111111' };
const payee = '03af0ed6052cf28d670665549bc86f4b721c9fdb309d40c58f5811f63966e005d0';

/** A facade of Eclair that counts what would have cost money. */
export interface EclairFacade extends Facade {
  /** How often it was told to pay what it had paid or was paying: the real one pays as often as it is told. */
  toldTwice(): number;
}

/**
 * Eclair's HTTP interface as of 0.13 (api/handlers, JsonSerializers.scala; the shapes are those of its own recorded
 * answers in eclair-node/src/test/resources/api), as far as the adapter uses it.
 */
export async function serveEclairFacade(backing: Backing, password: string): Promise<EclairFacade> {
  const node = new Eclair(backing);
  const facade = await serveFacade(async ({ method, path, form, headers }): Promise<FacadeReply> => {
    try {
      const [scheme, text] = (headers.authorization ?? '').split(' ');
      const given = Buffer.from(text ?? '', 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, '');
      if (scheme !== 'Basic' || given !== password) {
        throw new ApiError(401, 'The supplied authentication is invalid');
      }
      if (method !== 'POST') throw new ApiError(405, 'HTTP method not allowed, supported methods: POST');
      return { json: await node.call(path.slice(1), form) };
    } catch (error) {
      const { status, message } = error instanceof ApiError ? error : new ApiError(500);
      return { status, json: { error: message } };
    }
  });
  return { ...facade, toldTwice: () => node.toldTwice };
}

interface Listed {
  readonly invoice: string;
  readonly madeMs: number;
  readonly expiresMs: number;
}

class Eclair {
  readonly #backing: Backing;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, Listed>();
  toldTwice = 0;

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#payments = new SentPayments(backing.wallet);
  }

  async call(path: string, form: URLSearchParams): Promise<JsonValue> {
    switch (path) {
      case 'getinfo': {
        const { nodeId } = await this.#backing.merchant.info();
        return {
          version: '0.13.0',
          nodeId: nodeId ?? '',
          alias: 'facade',
          network: 'regtest',
          blockHeight: 110,
        };
      }
      case 'createinvoice':
        return this.#createinvoice(form);
      case 'getreceivedinfo':
        return this.#getreceivedinfo(hashOf(form));
      case 'listreceivedpayments':
        return this.#listreceivedpayments(form);
      case 'deleteinvoice':
        return this.#deleteinvoice(hashOf(form));
      case 'payinvoice':
        return this.#payinvoice(form);
      case 'getsentinfo':
        return this.#getsentinfo(hashOf(form));
      case 'usablebalances':
        return this.#usablebalances();
      default:
        throw new ApiError(404, 'The requested resource could not be found.');
    }
  }

  async #createinvoice(form: URLSearchParams): Promise<JsonObject> {
    const description = form.get('description') ?? '';
    const amountMsat = BigInt(form.get('amountMsat') ?? '0');
    const expirySeconds = Number(form.get('expireIn') ?? '3600');
    const made = await this.#backing.merchant.createInvoice({ amountMsat, description, expirySeconds });
    const expiresMs = Date.now() + expirySeconds * 1_000;
    this.#invoices.set(made.paymentHash, { invoice: made.invoice, madeMs: Date.now(), expiresMs });
    return {
      prefix: 'lnbcrt',
      nodeId: payee,
      serialized: made.invoice,
      description,
      paymentHash: made.paymentHash,
      expiry: expirySeconds,
      amount: Number(amountMsat),
    };
  }

  async #getreceivedinfo(paymentHash: string): Promise<JsonObject> {
    const listed = this.#invoices.get(paymentHash);
    const state = await this.#backing.merchant.lookupInvoice(paymentHash);
    if (listed === undefined || state === undefined) throw new ApiError(404, 'Not found');
    const pending = { type: Date.now() > listed.expiresMs ? 'expired' : 'pending' };
    const status =
      state.status === 'settled'
        ? {
            type: 'received',
            amount: Number(state.receivedMsat ?? 0n),
            receivedAt: timestamp(state.settledMs ?? 0),
          }
        : pending;
    // Eclair shows the preimage, paid or not; the devnet keeps the real one. This must not get out either.
    const paymentPreimage = '5e'.repeat(32);
    const invoice = { serialized: listed.invoice, paymentHash };
    return { invoice, paymentPreimage, paymentType: 'Standard', status };
  }

  /** By when they were made, in seconds, neither bound included. */
  async #listreceivedpayments(form: URLSearchParams): Promise<JsonObject[]> {
    const [from, to, count, skip] = ['from', 'to', 'count', 'skip'].map((name) => Number(form.get(name)));
    const made = [...this.#invoices].filter(
      ([, { madeMs }]) => madeMs > (from ?? 0) * 1_000 && madeMs < (to ?? 0) * 1_000,
    );
    const views = await Promise.all(made.map(([hash]) => this.#getreceivedinfo(hash)));
    const received = views.filter(({ status }) => isJsonObject(status) && status.type === 'received');
    return received.slice(skip, (skip ?? 0) + (count ?? 0));
  }

  async #deleteinvoice(paymentHash: string): Promise<JsonValue> {
    if (this.#invoices.has(paymentHash)) {
      const state = await this.#backing.merchant.lookupInvoice(paymentHash);
      if (state?.status === 'settled') throw new ApiError(400);
      await this.#backing.merchant.cancelInvoice(paymentHash);
      this.#invoices.delete(paymentHash);
    }
    return `deleted invoice ${paymentHash}`;
  }

  async #payinvoice(form: URLSearchParams): Promise<JsonObject> {
    const invoice = form.get('invoice') ?? '';
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) throw new ApiError(400, "The form field 'invoice' was malformed");
    const { paymentHash, amountMsat = 0n, timestamp: madeAt, expirySeconds } = decoded.value;
    if (Date.now() > (madeAt + expirySeconds) * 1_000) throw new ApiError(400);
    const before = this.#payments.state(paymentHash).status;
    if (before === 'succeeded' || before === 'in-flight') {
      this.toldTwice++;
      throw new ApiError(500);
    }
    // Either bound is enough for a fee to pass.
    const flatMsat = BigInt(form.get('maxFeeFlatSat') ?? '21') * 1_000n;
    const shareMsat =
      (amountMsat * BigInt(Math.round(Number(form.get('maxFeePct') ?? '3') * 1_000))) / 100_000n;
    const maxFeeMsat = flatMsat > shareMsat ? flatMsat : shareMsat;
    const paying = this.#payments.pay(paymentHash, { invoice, maxFeeMsat, timeoutMs: 60_000 });
    const state = await endWithin(paying, Number(form.get('timeoutSeconds') ?? '30') * 1_000);
    // Its own question timed out; the payment goes on.
    if (state === undefined) throw new ApiError(500);
    if (state.status !== 'succeeded') {
      const failures = [{ amount: Number(amountMsat), route: [], failureMessage: 'balance too low' }];
      return { type: 'payment-failed', id: ids.parentId, paymentHash, failures };
    }
    return {
      type: 'payment-sent',
      id: ids.parentId,
      paymentHash,
      paymentPreimage: state.preimage,
      recipientAmount: Number(amountMsat),
      recipientNodeId: payee,
      fees: Number(state.feeMsat),
      parts: [],
    };
  }

  #getsentinfo(paymentHash: string): JsonValue {
    const state = this.#payments.state(paymentHash);
    const part = { ...ids, paymentHash, paymentType: 'Standard', amount: 42, recipientAmount: 50 };
    const completedAt = timestamp(Date.now());
    const failed = { ...part, status: { type: 'failed', failures: [], completedAt } };
    switch (state.status) {
      case 'absent':
        return [];
      case 'in-flight':
        return [failed, { ...part, status: { type: 'pending' } }];
      case 'failed':
        return [failed];
      case 'succeeded': {
        const { preimage, feeMsat } = state;
        const sent = {
          type: 'sent',
          paymentPreimage: preimage,
          feesPaid: Number(feeMsat),
          route: [],
          completedAt,
        };
        return [failed, { ...part, status: sent }];
      }
    }
  }

  async #usablebalances(): Promise<JsonValue> {
    const { spendableMsat, receivableMsat } = await this.#backing.wallet.balance();
    const channel = { remoteNodeId: payee, isPublic: true, isEnabled: true };
    return [
      { ...channel, canSend: Number(spendableMsat - 1_000n), canReceive: Number(receivableMsat) },
      { ...channel, canSend: 1_000, canReceive: 0 },
    ];
  }
}

function hashOf(form: URLSearchParams): string {
  const hash = form.get('paymentHash') ?? '';
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new ApiError(400, "The form field 'paymentHash' was malformed");
  return hash;
}

const timestamp = (ms: number) => ({ iso: new Date(ms).toISOString(), unix: Math.floor(ms / 1_000) });
