import type { CreatedInvoice, InvoiceRequest, NodeCapabilities, NodeInfo } from '../../node.js';
import { PaperNode } from '../../paper/paper-node.js';

/** A paper node that answers when it is told to, and counts what it is asked. */
export class CountingNode extends PaperNode {
  readonly asked: InvoiceRequest[] = [];
  readonly cancelled: string[] = [];
  /** What stands before each answer. */
  before: (request: InvoiceRequest) => Promise<void> = async () => {};
  /** What stands before it says who it is. */
  infoBefore: () => Promise<void> = async () => {};
  /** What is made of each invoice. */
  alter: (created: CreatedInvoice) => CreatedInvoice = (created) => created;
  override readonly capabilities: NodeCapabilities;

  constructor(options: { readonly cancel?: boolean } = {}) {
    super();
    this.capabilities = {
      msat: true,
      feeCap: true,
      track: true,
      hold: false,
      cancel: options.cancel ?? true,
    };
  }

  override async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    this.asked.push(request);
    await this.before(request);
    return this.alter(await super.createInvoice(request));
  }

  override async info(): Promise<NodeInfo> {
    await this.infoBefore();
    return super.info();
  }

  override cancelInvoice(paymentHash: string): Promise<void> {
    this.cancelled.push(paymentHash);
    return super.cancelInvoice(paymentHash);
  }
}
