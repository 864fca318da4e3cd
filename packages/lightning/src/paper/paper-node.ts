import { hash, randomBytes } from 'node:crypto';
import { decodeInvoice } from '../bolt11/decode.js';
import { encodeInvoice } from '../bolt11/encode.js';
import { invoiceExpiresMs } from '../bolt11/invoice.js';
import { nodeIdOf } from '../bolt11/signature.js';
import {
  type CreatedInvoice,
  type InvoiceRequest,
  type InvoiceState,
  type LightningNode,
  type NodeCapabilities,
  NodeError,
  type NodeInfo,
  type PaymentRequest,
  type PaymentState,
} from '../node.js';

/** How a {@link PaperNode} is made. */
export interface PaperNodeOptions {
  /** Only `regtest`; every other network is refused. */
  readonly network?: 'regtest';
  /** 32 bytes; random when left out. */
  readonly secretKey?: Uint8Array;
  /** Whose invoices this node "pays"; its own when left out. */
  readonly payee?: PaperNode;
  /** What it can spend, millisatoshis; 1,000,000 sat when left out. */
  readonly spendableMsat?: bigint;
  /** What it takes for each payment on top; nothing when left out. */
  readonly feeMsat?: bigint;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

interface PaperInvoice {
  readonly preimage: string;
  readonly amountMsat: bigint;
  readonly expiresMs: number;
  state: InvoiceState;
}

interface Pool {
  readonly invoices: CreatedInvoice[];
  readonly reuse: boolean;
  next: number;
}

/** var_onion_optin, payment_secret, basic_mpp (optional). */
const features = [8, 14, 17];

/**
 * A Lightning node made of paper, for tests and benchmarks of what surrounds the network. Its invoices are real,
 * signed BOLT 11 with random preimages; "paying" one reveals the preimage. **No money moves, no channel exists, no
 * peer is spoken to**: it proves nothing about payments. The devnet does that. Regtest only: other networks are
 * refused in code.
 *
 * @example
 * ```ts
 * import { PaperNode } from '@farebox/lightning/paper';
 * const merchant = new PaperNode();
 * const wallet = new PaperNode({ payee: merchant });
 * const { invoice } = await merchant.createInvoice({ amountMsat: 1_000n, description: '1 request', expirySeconds: 60 });
 * const state = await wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 1_000 });
 * console.log(state.status); // succeeded
 * ```
 */
export class PaperNode implements LightningNode {
  readonly capabilities: NodeCapabilities = {
    msat: true,
    feeCap: true,
    cancel: true,
    track: true,
    hold: false,
  };
  /** Compressed public key, lowercase hex. */
  readonly nodeId: string;
  readonly #secretKey: Uint8Array;
  readonly #payee: PaperNode;
  readonly #feeMsat: bigint;
  readonly #now: () => number;
  readonly #invoices = new Map<string, PaperInvoice>();
  readonly #payments = new Map<string, PaymentState>();
  readonly #pools = new Map<string, Pool>();
  #spendableMsat: bigint;

  constructor(options: PaperNodeOptions = {}) {
    const network: string = options.network ?? 'regtest';
    if (network !== 'regtest') throw new NodeError('node_refused', 'A paper node exists on regtest only');
    this.#secretKey = options.secretKey ?? randomBytes(32);
    this.nodeId = nodeIdOf(this.#secretKey);
    this.#payee = options.payee ?? this;
    this.#feeMsat = options.feeMsat ?? 0n;
    this.#spendableMsat = options.spendableMsat ?? 1_000_000_000n;
    this.#now = options.now ?? Date.now;
  }

  async info(): Promise<NodeInfo> {
    return { kind: 'paper', network: 'regtest', nodeId: this.nodeId };
  }

  /** Signs an invoice, or hands out one that {@link PaperNode.premint} has signed for the very same request. */
  async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    return this.#pooled(request) ?? this.#mint(request);
  }

  /**
   * Signs `count` invoices for one request in advance, so that a benchmark does not measure signing. They are made
   * now: ask for an expiry that outlives the run. With `reuse` they are handed out again and again when they have
   * run out (a payment hash then repeats: only where nothing is paid), otherwise each once.
   */
  premint(count: number, request: InvoiceRequest, options: { readonly reuse?: boolean } = {}): void {
    const invoices = Array.from({ length: count }, () => this.#mint(request));
    this.#pools.set(poolKey(request), { invoices, reuse: options.reuse ?? false, next: 0 });
  }

  async lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    return this.#invoices.get(paymentHash)?.state;
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    const invoice = this.#invoices.get(paymentHash);
    if (invoice?.state.status === 'settled')
      throw new NodeError('node_refused', 'The invoice is already settled');
    if (invoice !== undefined) invoice.state = { status: 'cancelled' };
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const decoded = decodeInvoice(request.invoice);
    if (!decoded.ok) throw new NodeError('node_refused', `The invoice cannot be read: ${decoded.detail}`);
    const { network, paymentHash, amountMsat } = decoded.value;
    if (network !== 'regtest')
      throw new NodeError('node_refused', `A paper node pays no invoice of ${network}`);
    if (amountMsat === undefined) throw new NodeError('node_refused', 'The invoice names no amount');
    const earlier = this.#payments.get(paymentHash);
    if (earlier !== undefined && earlier.status !== 'failed') return earlier;
    const state = this.#settle(paymentHash, amountMsat, request.maxFeeMsat);
    this.#payments.set(paymentHash, state);
    return state;
  }

  async trackPayment(paymentHash: string): Promise<PaymentState> {
    return this.#payments.get(paymentHash) ?? { status: 'absent' };
  }

  async balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    return { spendableMsat: this.#spendableMsat, receivableMsat: 0n };
  }

  async close(): Promise<void> {}

  /** The preimage of an invoice of its own, paid or not: what makes a credential in a test. Paper has no secrets. */
  preimageOf(paymentHash: string): string | undefined {
    return this.#invoices.get(paymentHash)?.preimage;
  }

  #settle(paymentHash: string, amountMsat: bigint, maxFeeMsat: bigint): PaymentState {
    if (this.#feeMsat > maxFeeMsat) return { status: 'failed', reason: 'The fee is above the cap' };
    const cost = amountMsat + this.#feeMsat;
    if (cost > this.#spendableMsat) return { status: 'failed', reason: 'The balance is too small' };
    const preimage = this.#payee.#receive(paymentHash);
    if (preimage === undefined) return { status: 'failed', reason: 'The payee does not take this payment' };
    this.#spendableMsat -= cost;
    return { status: 'succeeded', preimage, feeMsat: this.#feeMsat };
  }

  /** The preimage, if the invoice can be paid now. */
  #receive(paymentHash: string): string | undefined {
    const invoice = this.#invoices.get(paymentHash);
    if (invoice?.state.status !== 'open' || this.#now() >= invoice.expiresMs) return undefined;
    invoice.state = { status: 'settled', receivedMsat: invoice.amountMsat, settledMs: this.#now() };
    return invoice.preimage;
  }

  #pooled(request: InvoiceRequest): CreatedInvoice | undefined {
    if (this.#pools.size === 0) return undefined;
    const pool = this.#pools.get(poolKey(request));
    if (pool === undefined) return undefined;
    if (pool.reuse && pool.next >= pool.invoices.length) pool.next = 0;
    return pool.invoices[pool.next++];
  }

  #mint({ amountMsat, description, expirySeconds }: InvoiceRequest): CreatedInvoice {
    const preimage = randomBytes(32);
    const paymentHash = hash('sha256', preimage, 'hex');
    const timestamp = Math.floor(this.#now() / 1_000);
    const paymentSecret = randomBytes(32).toString('hex');
    const invoice = encodeInvoice(
      {
        network: 'regtest',
        timestamp,
        amountMsat,
        paymentHash,
        paymentSecret,
        description,
        expirySeconds,
        features,
      },
      this.#secretKey,
    );
    if (!invoice.ok) throw new NodeError('node_refused', `No invoice can be made of this: ${invoice.detail}`);
    this.#invoices.set(paymentHash, {
      preimage: preimage.toString('hex'),
      amountMsat,
      expiresMs: invoiceExpiresMs({ timestamp, expirySeconds }),
      state: { status: 'open' },
    });
    return { invoice: invoice.value, paymentHash };
  }
}

function poolKey({ amountMsat, description, expirySeconds }: InvoiceRequest): string {
  return `${amountMsat} ${expirySeconds} ${description}`;
}
