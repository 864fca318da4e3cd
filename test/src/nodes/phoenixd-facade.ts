import { decodeInvoice } from '@farebox/lightning';
import type { JsonObject, JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import { type Facade, type FacadeReply, type FacadeRequest, serveFacade } from './facade.js';
import { SentPayments } from './sent-payments.js';

/** phoenixd's errors are plain text. */
class PlainError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const unauthorized = () =>
  new PlainError(401, 'Invalid authentication (use basic auth with the http password set in phoenix.conf)');

interface Listed {
  readonly invoice: string;
  readonly amountSat: number;
  readonly description: string;
  readonly createdAt: number;
  readonly expirySeconds: number;
}

/** The two passwords of `phoenix.conf`. */
export interface PhoenixdPasswords {
  readonly full: string;
  readonly limited: string;
}

/** phoenixd's HTTP interface as of 0.8 (Api.kt, JsonSerializers.kt), as far as the adapter uses it. */
export function servePhoenixdFacade(backing: Backing, passwords: PhoenixdPasswords): Promise<Facade> {
  const node = new Phoenixd(backing);
  return serveFacade(async (request): Promise<FacadeReply> => {
    try {
      return { json: await node.call(request, authorize(request, passwords)) };
    } catch (error) {
      const status = error instanceof PlainError ? error.status : 500;
      return { status, text: error instanceof Error ? error.message : '' };
    }
  });
}

/** Whether the password gives full access. The user name is not looked at. */
function authorize({ headers }: FacadeRequest, passwords: PhoenixdPasswords): boolean {
  const [scheme, text] = (headers.authorization ?? '').split(' ');
  const password = Buffer.from(text ?? '', 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
  if (scheme !== 'Basic' || (password !== passwords.full && password !== passwords.limited))
    throw unauthorized();
  return password === passwords.full;
}

class Phoenixd {
  readonly #backing: Backing;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, Listed>();

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#payments = new SentPayments(backing.wallet);
  }

  async call(request: FacadeRequest, full: boolean): Promise<JsonValue> {
    const { method, path, form } = request;
    const [, list, hash = ''] = /^\/payments\/(incoming|outgoingbyhash)\/([^/]*)$/.exec(path) ?? [];
    if (list !== undefined && !/^[0-9a-f]{64}$/i.test(hash)) {
      throw new PlainError(400, "Request parameter paymentHash couldn't be parsed/converted to hex32");
    }
    if (list === 'incoming') return this.#incoming(hash.toLowerCase());
    if (list === 'outgoingbyhash') return this.#outgoing(hash.toLowerCase());
    switch (`${method} ${path}`) {
      case 'GET /getinfo':
        return this.#getinfo();
      case 'GET /payments/incoming':
        return this.#received(request.query);
      case 'GET /getbalance': {
        const { spendableMsat } = await this.#backing.wallet.balance();
        return { balanceSat: Number(spendableMsat / 1_000n), feeCreditSat: 0 };
      }
      case 'POST /createinvoice':
        return this.#createinvoice(form);
      case 'POST /payinvoice':
        if (!full) throw unauthorized();
        return this.#payinvoice(form);
      default:
        throw new PlainError(404, 'Unknown endpoint (check api doc)');
    }
  }

  async #getinfo(): Promise<JsonObject> {
    const { nodeId } = await this.#backing.wallet.info();
    const { receivableMsat } = await this.#backing.wallet.balance();
    const channel = { state: 'Normal', inboundLiquiditySat: Number(receivableMsat / 1_000n) };
    return {
      nodeId: nodeId ?? '',
      channels: [channel],
      chain: 'regtest',
      blockHeight: 110,
      version: '0.8.0',
    };
  }

  async #createinvoice(form: URLSearchParams): Promise<JsonObject> {
    const description = form.get('description');
    if (description === null)
      throw new PlainError(400, 'Must provide either a description or descriptionHash');
    if (description.length > 128) {
      throw new PlainError(400, 'Request parameter description is too long (max 128 characters)');
    }
    const amountSat = wholeOf(form, 'amountSat');
    const expirySeconds = wholeOf(form, 'expirySeconds');
    const request = { amountMsat: BigInt(amountSat) * 1_000n, description, expirySeconds };
    const { invoice, paymentHash } = await this.#backing.merchant.createInvoice(request);
    this.#invoices.set(paymentHash, {
      invoice,
      amountSat,
      description,
      createdAt: Date.now(),
      expirySeconds,
    });
    return { amountSat, paymentHash, serialized: invoice };
  }

  /** Received ones only, newest first, by when they arrived. */
  async #received(query: URLSearchParams): Promise<JsonObject[]> {
    const views = await Promise.all([...this.#invoices.keys()].map((hash) => this.#incoming(hash)));
    const [from, to, limit, offset] = ['from', 'to', 'limit', 'offset'].map((name) =>
      Number(query.get(name)),
    );
    const chosen = views
      .filter(
        ({ isPaid, completedAt }) =>
          isPaid && Number(completedAt) >= (from ?? 0) && Number(completedAt) <= (to ?? 0),
      )
      .sort((a, b) => Number(b.completedAt) - Number(a.completedAt));
    // What arrived on chain is counted by the query, and left out of what it found (Api.kt, `mapNotNull`).
    const counted = chosen.flatMap((view, index) => (index === 0 ? [undefined, view] : [view]));
    const page = counted.slice(offset, (offset ?? 0) + (limit ?? 20));
    return page.filter((view) => view !== undefined);
  }

  /** Absent members stand for null. */
  async #incoming(paymentHash: string): Promise<JsonObject> {
    const listed = this.#invoices.get(paymentHash);
    const state = await this.#backing.merchant.lookupInvoice(paymentHash);
    if (listed === undefined || state === undefined) throw new PlainError(404, 'Not found');
    const expiresAt = listed.createdAt + listed.expirySeconds * 1_000;
    const isPaid = state.status === 'settled';
    return {
      subType: 'lightning',
      paymentHash,
      // phoenixd shows it, paid or not; the devnet keeps the real one. This must not get out either.
      preimage: '5e'.repeat(32),
      description: listed.description,
      invoice: listed.invoice,
      isPaid,
      isExpired: Date.now() > expiresAt,
      requestedSat: listed.amountSat,
      receivedSat: Number((state.receivedMsat ?? 0n) / 1_000n),
      fees: 0,
      expiresAt,
      createdAt: listed.createdAt,
      ...(isPaid ? { completedAt: state.settledMs ?? 0 } : {}),
    };
  }

  #outgoing(paymentHash: string): JsonObject {
    const state = this.#payments.state(paymentHash);
    const common = { subType: 'lightning', paymentId: 'd3f6f2a5-0000-4000-8000-000000000000', paymentHash };
    const amounts = { sent: 1, createdAt: 1_738_000_000_000 };
    switch (state.status) {
      case 'absent':
        throw new PlainError(404, 'Not found');
      case 'in-flight':
        return { ...common, ...amounts, isPaid: false, fees: 0 };
      case 'failed':
        return { ...common, ...amounts, isPaid: false, fees: 0, completedAt: Date.now() };
      case 'succeeded': {
        const { preimage, feeMsat } = state;
        return {
          ...common,
          ...amounts,
          preimage,
          isPaid: true,
          fees: Number(feeMsat),
          completedAt: Date.now(),
        };
      }
    }
  }

  /** 200 also for payments that failed: only the members differ. */
  async #payinvoice(form: URLSearchParams): Promise<JsonObject> {
    const invoice = form.get('invoice');
    if (invoice === null) throw new PlainError(400, 'Request parameter invoice is missing');
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) {
      throw new PlainError(400, "Request parameter invoice couldn't be parsed/converted to bolt11invoice");
    }
    const { paymentHash, amountMsat = 0n } = decoded.value;
    const { status } = this.#payments.state(paymentHash);
    if (status === 'succeeded') return { paymentHash, reason: 'this invoice has already been paid' };
    if (status === 'in-flight') return { paymentHash, reason: 'this invoice is already being paid' };
    const cap = { maxFeeMsat: 1_000_000_000n, timeoutMs: 60_000 };
    const state = await this.#payments.pay(paymentHash, { invoice, ...cap });
    if (state.status !== 'succeeded') {
      return { paymentHash, reason: state.status === 'failed' ? state.reason : 'unknown' };
    }
    return {
      recipientAmountSat: Number(amountMsat / 1_000n),
      routingFeeSat: Number(state.feeMsat / 1_000n),
      paymentId: 'd3f6f2a5-0000-4000-8000-000000000000',
      paymentHash,
      paymentPreimage: state.preimage,
    };
  }
}

function wholeOf(form: URLSearchParams, name: string): number {
  const text = form.get(name) ?? '';
  if (!/^-?\d+$/.test(text)) {
    throw new PlainError(400, `Request parameter ${name} couldn't be parsed/converted to integer`);
  }
  return Number(text);
}
