import { decodeInvoice } from '@farebox/lightning';
import { isJsonObject, type JsonObject, parseJsonObject } from '@farebox/protocol';
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import { type Event, finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from 'nostr-tools/pure';
import { WebSocket } from 'ws';
import type { Backing } from './backing.js';
import { SentPayments } from './sent-payments.js';

/** How a wallet service is set up. */
export interface ServiceOptions {
  /** The `encryption` tag of its info event; undefined for a wallet of before NIP-44. */
  readonly encryption: 'nip44_v2 nip04' | undefined;
  /** Public keys of its connections, the methods that each may use, and what each may still spend. */
  readonly connections: ReadonlyMap<string, { readonly methods: readonly string[]; budgetMsat?: bigint }>;
  /** What becomes of an answer before it is sealed; undefined when it is kept back. */
  readonly answer?: (method: string, answer: JsonObject) => JsonObject | undefined;
}

/** A wallet service of NIP-47, on a relay. */
export interface TestService {
  readonly walletKey: string;
  /** How often each method was carried out. */
  readonly calls: ReadonlyMap<string, number>;
  close(): void;
}

const methods = [
  'pay_invoice',
  'make_invoice',
  'lookup_invoice',
  'list_transactions',
  'get_balance',
  'get_info',
];

class WalletError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Starts a wallet service in front of the devnet's nodes, and waits until its relay has its info event. */
export async function startService(
  backing: Backing,
  port: number,
  options: ServiceOptions,
): Promise<TestService> {
  const service = new Service(backing, options);
  await service.connect(`ws://127.0.0.1:${port}`);
  return service;
}

class Service implements TestService {
  readonly #secretKey = generateSecretKey();
  readonly walletKey = getPublicKey(this.#secretKey);
  readonly calls = new Map<string, number>();
  readonly #backing: Backing;
  readonly #options: ServiceOptions;
  readonly #payments: SentPayments;
  readonly #invoices = new Map<string, { readonly invoice: string; readonly amount: number }>();
  readonly #amounts = new Map<string, number>();
  readonly #seen = new Set<string>();
  #socket: WebSocket | undefined;

  constructor(backing: Backing, options: ServiceOptions) {
    this.#backing = backing;
    this.#options = options;
    this.#payments = new SentPayments(backing.wallet);
  }

  async connect(url: string): Promise<void> {
    const socket = new WebSocket(url);
    this.#socket = socket;
    const { encryption } = this.#options;
    const tags = encryption === undefined ? [] : [['encryption', encryption]];
    const info = this.#sign(13194, tags, methods.join(' '));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.on('message', (data) => {
        const [verb, first, second] = JSON.parse(String(data));
        if (verb === 'AUTH') {
          const proof = [
            ['relay', url],
            ['challenge', first],
          ];
          this.#say(['AUTH', this.#sign(22242, proof, '')]);
        } else if (verb === 'OK' && first === info.id) resolve();
        else if (verb === 'OK') this.#begin(info);
        else if (verb === 'CLOSED') this.#say(['REQ', 'requests', this.#requests()]);
        else if (verb === 'EVENT') this.#take(second).catch(() => {});
      });
      socket.once('open', () => this.#begin(info));
    });
  }

  close(): void {
    this.#socket?.terminate();
  }

  #begin(info: Event): void {
    if (this.#seen.has(info.id)) return;
    this.#say(['REQ', 'requests', this.#requests()]);
    this.#say(['EVENT', info]);
  }

  #requests() {
    return { kinds: [23194], '#p': [this.walletKey] };
  }

  async #take(event: Event): Promise<void> {
    if (event.kind !== 23194 || !verifyEvent(event) || this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    const tag = (name: string) => event.tags.find(([each]) => each === name)?.[1];
    // Asked too late: ignored.
    if (Number(tag('expiration') ?? Number.POSITIVE_INFINITY) * 1_000 < Date.now()) return;
    const modern = tag('encryption') === 'nip44_v2';
    const request = parseJsonObject(this.#decrypt(event, modern)) ?? {};
    const method = String(request.method);
    let answer: JsonObject;
    try {
      const result = await this.#carryOut(
        event.pubkey,
        method,
        isJsonObject(request.params) ? request.params : {},
      );
      answer = { result_type: method, error: null, result };
    } catch (error) {
      const code = error instanceof WalletError ? error.code : 'INTERNAL';
      const message = error instanceof Error ? error.message : '';
      answer = { result_type: method, error: { code, message }, result: null };
    }
    const { answer: change } = this.#options;
    const said = change === undefined ? answer : change(method, answer);
    if (said !== undefined) this.#reply(event, said, modern);
  }

  #reply(request: Event, answer: JsonObject, modern: boolean): void {
    const text = JSON.stringify(answer);
    const content = modern
      ? nip44.encrypt(text, nip44.getConversationKey(this.#secretKey, request.pubkey))
      : nip04.encrypt(this.#secretKey, request.pubkey, text);
    const tags = [
      ['p', request.pubkey],
      ['e', request.id],
    ];
    this.#say(['EVENT', this.#sign(23195, tags, content)]);
  }

  #decrypt(event: Event, modern: boolean): string {
    return modern
      ? nip44.decrypt(event.content, nip44.getConversationKey(this.#secretKey, event.pubkey))
      : nip04.decrypt(this.#secretKey, event.pubkey, event.content);
  }

  async #carryOut(client: string, method: string, params: JsonObject): Promise<JsonObject> {
    const connection = this.#options.connections.get(client);
    if (connection === undefined)
      throw new WalletError('UNAUTHORIZED', 'This public key has no wallet connected.');
    if (!methods.includes(method)) throw new WalletError('NOT_IMPLEMENTED', `unknown method ${method}`);
    if (!connection.methods.includes(method)) throw new WalletError('RESTRICTED', `${method} is not allowed`);
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    switch (method) {
      case 'make_invoice':
        return this.#makeInvoice(params);
      case 'lookup_invoice':
        return this.#lookup(String(params.payment_hash));
      case 'list_transactions':
        return this.#list(params);
      case 'pay_invoice':
        return this.#pay(String(params.invoice), connection);
      case 'get_balance': {
        const { spendableMsat } = await this.#backing.wallet.balance();
        return { balance: Number(spendableMsat) };
      }
      default: {
        const { nodeId } = await this.#backing.wallet.info();
        return { alias: 'test', pubkey: nodeId ?? '', network: 'regtest', methods: [...connection.methods] };
      }
    }
  }

  async #makeInvoice(params: JsonObject): Promise<JsonObject> {
    const amount = Number(params.amount);
    const { invoice, paymentHash } = await this.#backing.merchant.createInvoice({
      amountMsat: BigInt(amount),
      description: String(params.description),
      expirySeconds: Number(params.expiry),
    });
    this.#invoices.set(paymentHash, { invoice, amount });
    return {
      type: 'incoming',
      state: 'pending',
      invoice,
      payment_hash: paymentHash,
      amount,
      created_at: 1_738_000_000,
    };
  }

  async #lookup(paymentHash: string): Promise<JsonObject> {
    const sent = this.#payments.state(paymentHash);
    const created = { payment_hash: paymentHash, created_at: 1_738_000_000 };
    if (sent.status !== 'absent') {
      const outgoing = { ...created, type: 'outgoing', amount: this.#amounts.get(paymentHash) ?? 0 };
      if (sent.status === 'in-flight') return { ...outgoing, state: 'pending', fees_paid: 0 };
      if (sent.status === 'failed') return { ...outgoing, state: 'failed', fees_paid: 0 };
      const { preimage, feeMsat } = sent;
      return {
        ...outgoing,
        state: 'settled',
        preimage,
        fees_paid: Number(feeMsat),
        settled_at: 1_738_000_001,
      };
    }
    const made = this.#invoices.get(paymentHash);
    const state = await this.#backing.merchant.lookupInvoice(paymentHash);
    if (made === undefined || state === undefined) throw new WalletError('NOT_FOUND', 'no such invoice');
    // Wallets may show the preimage of an invoice that nobody has paid. It must not get out.
    const incoming = { ...created, type: 'incoming', ...made, preimage: '5e'.repeat(32), fees_paid: 0 };
    if (state.status !== 'settled') return { ...incoming, state: 'pending' };
    const settled_at = Math.floor((state.settledMs ?? 0) / 1_000);
    return { ...incoming, state: 'settled', amount: Number(state.receivedMsat ?? 0n), settled_at };
  }

  /** Settled ones that came in, newest first. */
  async #list(params: JsonObject): Promise<JsonObject> {
    if (params.type !== 'incoming' || params.unpaid === true) throw new WalletError('OTHER', 'not here');
    const all = await Promise.all([...this.#invoices.keys()].reverse().map((hash) => this.#lookup(hash)));
    const settled = all.filter(({ state }) => state === 'settled');
    const [offset, limit] = [Number(params.offset ?? 0), Number(params.limit ?? 10)];
    return { transactions: settled.slice(offset, offset + limit) };
  }

  async #pay(invoice: string, connection: { budgetMsat?: bigint }): Promise<JsonObject> {
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) throw new WalletError('OTHER', decoded.detail);
    const { paymentHash, amountMsat = 0n } = decoded.value;
    const { budgetMsat } = connection;
    if (budgetMsat !== undefined && budgetMsat < amountMsat) {
      throw new WalletError('QUOTA_EXCEEDED', 'the budget of this connection is used up');
    }
    if ((await this.#backing.wallet.balance()).spendableMsat < amountMsat) {
      throw new WalletError('INSUFFICIENT_BALANCE', 'not enough funds');
    }
    const earlier = this.#payments.state(paymentHash).status;
    if (earlier === 'succeeded' || earlier === 'in-flight') {
      throw new WalletError('OTHER', 'this invoice was paid before, or is being paid');
    }
    if (budgetMsat !== undefined) connection.budgetMsat = budgetMsat - amountMsat;
    this.#amounts.set(paymentHash, Number(amountMsat));
    const cap = { maxFeeMsat: 1_000_000_000n, timeoutMs: 60_000 };
    const state = await this.#payments.pay(paymentHash, { invoice, ...cap });
    if (state.status === 'succeeded') return { preimage: state.preimage, fees_paid: Number(state.feeMsat) };
    throw new WalletError('PAYMENT_FAILED', state.status === 'failed' ? state.reason : '');
  }

  #sign(kind: number, tags: string[][], content: string): Event {
    return finalizeEvent(
      { kind, created_at: Math.floor(Date.now() / 1_000), tags, content },
      this.#secretKey,
    );
  }

  #say(message: unknown[]): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
