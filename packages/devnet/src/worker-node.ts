import type {
  CreatedInvoice,
  InvoiceRequest,
  InvoiceState,
  NodeCapabilities,
  NodeInfo,
  NodePeriod,
  PaymentRequest,
  PaymentState,
  SettledInvoice,
} from '@farebox/lightning';
import { NodeError } from '@farebox/lightning';
import type { Ask } from './devnet.js';
import type { DevnetNode, DevnetRole, HoldRequest } from './devnet-node.js';
import { settledInvoices } from './node/invoice-book.js';

/** What every devnet node can do. */
export const devnetCapabilities: NodeCapabilities = Object.freeze({
  msat: true,
  feeCap: true,
  cancel: true,
  track: true,
  hold: true,
});

/** A node of the devnet in this process, seen from the main thread. `close` ends this handle, not the devnet. */
export class WorkerNode implements DevnetNode {
  readonly capabilities = devnetCapabilities;
  readonly #ask: Ask;
  readonly #role: DevnetRole;
  #closed = false;

  constructor(ask: Ask, role: DevnetRole) {
    this.#ask = (askedRole, verb, argument) => {
      if (this.#closed) return Promise.reject(new NodeError('node_unreachable', 'This node was closed.'));
      return ask(askedRole, verb, argument);
    };
    this.#role = role;
  }

  info(): Promise<NodeInfo> {
    return this.#ask(this.#role, 'info', undefined);
  }

  createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    const { amountMsat, description, expirySeconds } = request;
    return this.#ask(this.#role, 'createInvoice', { amountMsat, description, expirySeconds });
  }

  lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    return this.#ask(this.#role, 'lookupInvoice', paymentHash);
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return settledInvoices(period, (request) => this.#ask(this.#role, 'listSettled', request));
  }

  cancelInvoice(paymentHash: string): Promise<void> {
    return this.#ask(this.#role, 'cancelInvoice', paymentHash);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const { invoice, maxFeeMsat, timeoutMs } = request;
    try {
      return await this.#ask(this.#role, 'payInvoice', { invoice, maxFeeMsat, timeoutMs });
    } catch (error) {
      // The worker died while it had the payment: what became of it is not known here.
      if (error instanceof NodeError && error.code === 'node_misbehaved') return { status: 'in-flight' };
      throw error;
    }
  }

  trackPayment(paymentHash: string): Promise<PaymentState> {
    return this.#ask(this.#role, 'trackPayment', paymentHash);
  }

  balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    return this.#ask(this.#role, 'balance', undefined);
  }

  holdInvoice(request: HoldRequest): Promise<CreatedInvoice> {
    const { amountMsat, description, expirySeconds, paymentHash } = request;
    return this.#ask(this.#role, 'holdInvoice', { amountMsat, description, expirySeconds, paymentHash });
  }

  settleHold(preimage: string): Promise<void> {
    return this.#ask(this.#role, 'settleHold', preimage);
  }

  cancelHold(paymentHash: string): Promise<void> {
    return this.cancelInvoice(paymentHash);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
