import type {
  CreatedInvoice,
  InvoiceRequest,
  InvoiceState,
  NodeInfo,
  PaymentRequest,
  PaymentState,
} from '@farebox/lightning';
import { NodeError } from '@farebox/lightning';
import * as ldk from 'lightningdevkit';
import { sha256 } from '../chain/encoding.js';
import type { HoldRequest } from '../devnet-node.js';
import { type CoreOptions, NodeCore } from './core.js';
import { InvoiceBook, type SettledPage, type SettledPageRequest } from './invoice-book.js';
import { Payer } from './payer.js';
import { PaymentBook } from './payment-book.js';
import { Receiver } from './receiver.js';

/** How long `balance` waits for payments that have just ended to leave the channel's commitments. */
const balanceSettleMsMax = 500;

/** What {@link EmbeddedNode} needs beside its core. */
export interface EmbeddedNodeOptions extends CoreOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Mines a block when the tip is too old to tell the time. */
  readonly freshenTip: () => void;
}

const UNUSED = new Uint8Array();

/** One real Lightning node on the embedded regtest chain. Lives in the devnet's worker thread. */
export class EmbeddedNode {
  readonly core: NodeCore;
  readonly payer: Payer;
  readonly #receiver: Receiver;
  readonly #freshenTip: () => void;

  constructor(options: EmbeddedNodeOptions) {
    this.core = new NodeCore(options);
    const invoices = new InvoiceBook(this.core.restored?.invoices ?? UNUSED);
    const payments = new PaymentBook(this.core.restored?.payments ?? UNUSED);
    this.core.application = {
      get dirty() {
        return invoices.dirty || payments.dirty;
      },
      write: () => ({ invoices: invoices.write(), payments: payments.write() }),
    };
    this.#receiver = new Receiver(this.core, invoices, options.now);
    this.payer = new Payer(this.core, payments, options.now);
    this.#freshenTip = options.freshenTip;
    this.core.onEvent = (event) => this.#onEvent(event);
  }

  info(): NodeInfo {
    return { kind: 'devnet', network: 'regtest', nodeId: this.core.nodeId };
  }

  createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    // The wasm build has no clock: an invoice carries the time of the newest block.
    this.#freshenTip();
    return this.#receiver.createInvoice(request);
  }

  holdInvoice(request: HoldRequest): Promise<CreatedInvoice> {
    this.#freshenTip();
    return this.#receiver.createInvoice(request, paymentHashOf(request.paymentHash));
  }

  settleHold(preimage: string): Promise<void> {
    const bytes = Buffer.from(paymentHashOf(preimage), 'hex');
    return this.#receiver.settle(sha256(bytes).toString('hex'), bytes);
  }

  lookupInvoice(paymentHash: string): InvoiceState | undefined {
    return this.#receiver.lookup(paymentHashOf(paymentHash));
  }

  listSettled(request: SettledPageRequest): SettledPage {
    return this.#receiver.settled(request);
  }

  cancelInvoice(paymentHash: string): Promise<void> {
    return this.#receiver.cancel(paymentHashOf(paymentHash));
  }

  payInvoice(request: PaymentRequest): Promise<PaymentState> {
    return this.payer.pay(request);
  }

  trackPayment(paymentHash: string): PaymentState {
    return this.payer.track(paymentHashOf(paymentHash));
  }

  /** Balances once nothing moves any more, or after half a second. */
  async balance(): Promise<{ spendableMsat: bigint; receivableMsat: bigint }> {
    await this.core.activity.settled(balanceSettleMsMax);
    return this.capacity();
  }

  /** What the channels can send and take at this moment. */
  capacity(): { spendableMsat: bigint; receivableMsat: bigint } {
    let spendableMsat = 0n;
    let receivableMsat = 0n;
    for (const channel of this.core.parts.manager.list_usable_channels()) {
      spendableMsat += channel.get_outbound_capacity_msat();
      receivableMsat += channel.get_inbound_capacity_msat();
    }
    return { spendableMsat, receivableMsat };
  }

  /** The largest payment that one channel can send at this moment. */
  largestPaymentMsat(): bigint {
    let largest = 0n;
    for (const channel of this.core.parts.manager.list_usable_channels()) {
      const limit = channel.get_next_outbound_htlc_limit_msat();
      if (limit > largest) largest = limit;
    }
    return largest;
  }

  isConnectedTo(nodeId: string): boolean {
    return this.core.parts.peers
      .list_peers()
      .some((p) => Buffer.from(p.get_counterparty_node_id()).toString('hex') === nodeId);
  }

  hasChannelWith(nodeId: string): boolean {
    return this.core.parts.manager
      .list_channels()
      .some((c) => Buffer.from(c.get_counterparty().get_node_id()).toString('hex') === nodeId);
  }

  usableChannels(): number {
    return this.core.parts.manager.list_usable_channels().length;
  }

  #onEvent(event: ldk.Event): void {
    const { manager } = this.core.parts;
    if (event instanceof ldk.Event_PendingHTLCsForwardable) manager.process_pending_htlc_forwards();
    else if (event instanceof ldk.Event_PaymentClaimable) this.#receiver.onClaimable(event);
    else if (event instanceof ldk.Event_PaymentClaimed) this.#receiver.onClaimed(event);
    else if (event instanceof ldk.Event_HTLCHandlingFailed) this.#receiver.onHandlingFailed(event);
    else if (event instanceof ldk.Event_PaymentSent) this.payer.onSent(event);
    else if (event instanceof ldk.Event_PaymentPathSuccessful) this.payer.onPathSucceeded(event);
    else if (event instanceof ldk.Event_PaymentFailed) this.payer.onFailed(event);
    else if (event instanceof ldk.Event_FundingGenerationReady) this.onFunding(event);
    else if (event instanceof ldk.Event_ChannelClosed) this.onChannelClosed(event);
  }

  /** Set by the devnet: pays for a channel from the miner's coins. */
  onFunding: (event: ldk.Event_FundingGenerationReady) => void = () => {};
  /** Set by the devnet: nothing closes a channel here but a fault. */
  onChannelClosed: (event: ldk.Event_ChannelClosed) => void = () => {};
}

/** 32 bytes in hex, as every hash and preimage of the interface is. */
function paymentHashOf(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new NodeError('node_refused', 'Hashes and preimages are 64 characters of lowercase hex.');
  }
  return text;
}
