import { type InvoiceState, NodeError } from '@farebox/lightning';
import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { Backing } from './backing.js';
import type { OwnCertificate } from './certificate.js';
import { type Facade, type FacadeReply, type FacadeRequest, serveFacade } from './facade.js';
import { notFoundCode, Payments, Refusal, unknownCode } from './lnd-facade-payments.js';

/** A facade of LND's REST interface, and its macaroons. */
export interface LndFacadeOptions {
  readonly backing: Backing;
  readonly certificate: OwnCertificate;
  /** The macaroons that are accepted, hex, and what each allows. */
  readonly macaroons: ReadonlyMap<string, readonly string[]>;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** The operation that the macaroon must allow (rpcserver.go, `MainRPCServerPermissions` and the subservers'). */
  readonly operation: string;
  readonly stream?: true;
  answer(request: FacadeRequest, part: string): Promise<FacadeReply>;
}

const statusOfCode: Readonly<Record<number, number>> = { 2: 500, 3: 400, 5: 404, 6: 409 };

/**
 * LND's REST interface as of v0.21.2, as far as the adapter uses it, in front of the devnet's nodes: invoices are the
 * merchant's, payments the wallet's. Shapes and refusals were compared with a real LND (docs/testing.md).
 */
export function serveLndFacade(options: LndFacadeOptions): Promise<Facade> {
  const { backing, certificate, macaroons } = options;
  const routes = [...invoiceRoutes(backing), ...paymentRoutes(backing)];
  const handle = async (request: FacadeRequest): Promise<FacadeReply> => {
    const route = routes.find((each) => each.method === request.method && each.path.test(request.path));
    if (route === undefined)
      return { status: 404, json: { code: notFoundCode, message: 'Not Found', details: [] } };
    try {
      authorize(request, macaroons, route.operation);
      return await route.answer(request, route.path.exec(request.path)?.[1] ?? '');
    } catch (error) {
      const { code, message } =
        error instanceof Refusal
          ? error
          : { code: unknownCode, message: error instanceof Error ? error.message : '' };
      const json = { code, message, details: [] };
      return { status: statusOfCode[code] ?? 500, json: route.stream ? { error: json } : json };
    }
  };
  return serveFacade(handle, certificate);
}

function authorize(
  request: FacadeRequest,
  macaroons: ReadonlyMap<string, readonly string[]>,
  operation: string,
): void {
  const given = request.headers['grpc-metadata-macaroon'];
  if (given === undefined) throw new Refusal(unknownCode, 'expected 1 macaroon, got 0');
  const operations = macaroons.get(String(given));
  if (operations === undefined) {
    throw new Refusal(unknownCode, 'verification failed: signature mismatch after caveat verification');
  }
  if (!operations.includes(operation)) throw new Refusal(unknownCode, 'permission denied');
}

function invoiceRoutes({ merchant }: Backing): Route[] {
  const book = new InvoiceIndex(merchant);
  const get = (path: RegExp, operation: string, answer: Route['answer']): Route => ({
    method: 'GET',
    path,
    operation,
    answer,
  });
  const post = (path: RegExp, operation: string, answer: Route['answer']): Route => ({
    method: 'POST',
    path,
    operation,
    answer,
  });
  return [
    get(/^\/v1\/getinfo$/, 'info:read', async () => {
      const { nodeId } = await merchant.info();
      const chains = [{ chain: 'bitcoin', network: 'regtest' }];
      return {
        json: { version: '0.21.2-beta', identity_pubkey: nodeId ?? '', synced_to_chain: true, chains },
      };
    }),
    post(/^\/v1\/invoices$/, 'invoices:write', async ({ json }) => {
      const { invoice, paymentHash } = await merchant.createInvoice(invoiceRequest(json));
      book.add(paymentHash);
      return {
        json: { r_hash: base64(paymentHash), payment_request: invoice, add_index: '1', payment_addr: '' },
      };
    }),
    get(/^\/v1\/invoice\/(.*)$/, 'invoices:read', async (_, hash) => {
      if (!/^[0-9a-f]{64}$/.test(hash))
        throw new Refusal(unknownCode, 'payment hash must be exactly 32 bytes');
      const state = await merchant.lookupInvoice(hash);
      if (state === undefined) throw new Refusal(notFoundCode, 'unable to locate invoice');
      return { json: invoiceView(hash, state) };
    }),
    get(/^\/v1\/invoices$/, 'invoices:read', async ({ query }) => ({ json: await book.list(query) })),
    post(/^\/v2\/invoices\/hodl$/, 'invoices:write', async ({ json }) => {
      const paymentHash = hexMember(json, 'hash');
      const { invoice } = await merchant.holdInvoice({ ...invoiceRequest(json), paymentHash });
      return { json: { payment_request: invoice, add_index: '1', payment_addr: '' } };
    }),
    post(/^\/v2\/invoices\/settle$/, 'invoices:write', async ({ json }) => {
      await merchant.settleHold(hexMember(json, 'preimage'));
      return { json: {} };
    }),
    post(/^\/v2\/invoices\/cancel$/, 'invoices:write', async ({ json }) => {
      const hash = hexMember(json, 'payment_hash');
      const state = await merchant.lookupInvoice(hash);
      if (state === undefined) throw new Refusal(unknownCode, 'unable to locate invoice');
      if (state.status === 'settled') throw new Refusal(unknownCode, 'invoice already settled');
      await merchant.cancelInvoice(hash);
      return { json: {} };
    }),
  ];
}

/** LND's list of invoices: in the order in which they were made, by index, filtered by when that was. */
class InvoiceIndex {
  readonly #merchant: Backing['merchant'];
  readonly #made: { readonly paymentHash: string; readonly seconds: number }[] = [];

  constructor(merchant: Backing['merchant']) {
    this.#merchant = merchant;
  }

  add(paymentHash: string): void {
    this.#made.push({ paymentHash, seconds: Math.floor(Date.now() / 1_000) });
  }

  async list(query: URLSearchParams): Promise<JsonObject> {
    const asked = (name: string, fallback: number) => Number(query.get(name) ?? fallback);
    const [from, until] = [
      asked('creation_date_start', 0),
      asked('creation_date_end', Number.MAX_SAFE_INTEGER),
    ];
    const page = this.#made
      .map((each, at) => ({ ...each, index: at + 1 }))
      .filter(({ seconds, index }) => index > asked('index_offset', 0) && seconds >= from && seconds <= until)
      .slice(0, asked('num_max_invoices', 100));
    const invoices = await Promise.all(
      page.map(async ({ paymentHash }) =>
        invoiceView(
          paymentHash,
          (await this.#merchant.lookupInvoice(paymentHash)) ?? { status: 'cancelled' },
        ),
      ),
    );
    return { invoices, last_index_offset: String(page.at(-1)?.index ?? 0), first_index_offset: '1' };
  }
}

function paymentRoutes({ wallet }: Backing): Route[] {
  const payments = new Payments(wallet);
  return [
    {
      method: 'GET',
      path: /^\/v1\/balance\/channels$/,
      operation: 'offchain:read',
      answer: async () => {
        const { spendableMsat, receivableMsat } = await wallet.balance();
        return { json: { local_balance: amount(spendableMsat), remote_balance: amount(receivableMsat) } };
      },
    },
    {
      method: 'POST',
      path: /^\/v2\/router\/send$/,
      operation: 'offchain:write',
      stream: true,
      answer: ({ json, gone }) => payments.send(isJsonObject(json) ? json : {}, gone),
    },
    {
      method: 'GET',
      path: /^\/v2\/router\/track\/([A-Za-z0-9_=-]+)$/,
      operation: 'offchain:read',
      stream: true,
      answer: async ({ gone }, text) => {
        if (!/^[A-Za-z0-9_-]{43}=$/.test(text))
          throw new Refusal(3, 'type mismatch, parameter: payment_hash');
        return payments.track(Buffer.from(text, 'base64url').toString('hex'), gone);
      },
    },
  ];
}

const words = { open: 'OPEN', held: 'ACCEPTED', settled: 'SETTLED', cancelled: 'CANCELED' } as const;

function invoiceView(paymentHash: string, state: InvoiceState): JsonObject {
  return {
    r_hash: base64(paymentHash),
    // LND shows the preimage of any invoice, paid or not; here stands something that must not get out either.
    r_preimage: Buffer.alloc(32, 0x5e).toString('base64'),
    state: words[state.status],
    settle_date: String(Math.floor((state.settledMs ?? 0) / 1_000)),
    amt_paid_msat: String(state.receivedMsat ?? 0n),
  };
}

const amount = (msat: bigint) => ({ sat: String(msat / 1_000n), msat: String(msat) });
const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

function invoiceRequest(json: JsonValue | undefined) {
  const body = isJsonObject(json) ? json : {};
  return {
    amountMsat: BigInt(String(body.value_msat ?? '0')),
    description: String(body.memo ?? ''),
    expirySeconds: Number(body.expiry ?? 86_400),
  };
}

/** Bytes of a JSON body are standard base64; the hex that other calls take decodes to other bytes. */
function hexMember(json: JsonValue | undefined, key: string): string {
  const text = isJsonObject(json) ? json[key] : undefined;
  const bytes = Buffer.from(String(text), 'base64');
  if (bytes.length !== 32)
    throw new NodeError('node_refused', `invalid hash length of ${bytes.length}, want 32`);
  return bytes.toString('hex');
}
