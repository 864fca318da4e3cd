/** Networks of BOLT 11 that Farebox knows, in the words of draft-lightning-charge-00. */
export type LightningNetwork = 'mainnet' | 'testnet' | 'signet' | 'regtest';

/** What a node can do. Gateway and wallet decide by these, never by the node's name. */
export interface NodeCapabilities {
  /** Prices below one satoshi. */
  readonly msat: boolean;
  /** Enforces `maxFeeMsat` itself; otherwise the cap is only a check beforehand. */
  readonly feeCap: boolean;
  /** Can cancel an unpaid invoice. */
  readonly cancel: boolean;
  /** Can tell later what became of a payment. */
  readonly track: boolean;
  /** Can hold a payment and settle it later. */
  readonly hold: boolean;
}

/** Who the node is. */
export interface NodeInfo {
  /** The kind in the configuration: `devnet`, `lnd` … */
  readonly kind: string;
  readonly network: LightningNetwork;
  /** Compressed public key in hex, where the node tells it. */
  readonly nodeId?: string;
}

/** An invoice to be made. */
export interface InvoiceRequest {
  readonly amountMsat: bigint;
  readonly description: string;
  readonly expirySeconds: number;
}

/** An invoice that a node has made. The caller checks it against what was asked. */
export interface CreatedInvoice {
  /** BOLT 11 text. */
  readonly invoice: string;
  /** Lowercase hex, 64 characters. */
  readonly paymentHash: string;
}

/** What a node knows of an invoice of its own. The preimage is deliberately not part of it. */
export interface InvoiceState {
  readonly status: 'open' | 'held' | 'settled' | 'cancelled';
  /** What arrived, when settled. */
  readonly receivedMsat?: bigint;
  /** When it settled, milliseconds since the epoch. */
  readonly settledMs?: number;
}

/** A period, from `fromMs` (included) until `untilMs` (not), milliseconds since the epoch. */
export interface NodePeriod {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** An invoice of the node that was paid. */
export interface SettledInvoice {
  /** Lowercase hex, 64 characters. */
  readonly paymentHash: string;
  readonly receivedMsat: bigint;
  /** Milliseconds since the epoch. */
  readonly settledMs: number;
  readonly description?: string;
}

/** A payment to be made. */
export interface PaymentRequest {
  readonly invoice: string;
  readonly maxFeeMsat: bigint;
  /** How long the node may try, milliseconds. After it the outcome may still be `in-flight`. */
  readonly timeoutMs: number;
}

/** What became of a payment. `absent`: this node has never sent one with that hash. */
export type PaymentState =
  | { readonly status: 'succeeded'; readonly preimage: string; readonly feeMsat: bigint }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'in-flight' }
  | { readonly status: 'absent' };

/** The seller's half: needs no right to spend. */
export interface InvoiceNode {
  readonly capabilities: NodeCapabilities;
  info(): Promise<NodeInfo>;
  createInvoice(request: InvoiceRequest): Promise<CreatedInvoice>;
  /** Undefined when the node does not know the hash. */
  lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined>;
  /** Idempotent; rejects with code `node_refused` when the invoice is already settled. */
  cancelInvoice(paymentHash: string): Promise<void>;
  /** The invoices that settled within a period, in the node's own order. Absent: this kind of node cannot list them. */
  listSettled?(period: NodePeriod): AsyncIterable<SettledInvoice>;
  close(): Promise<void>;
}

/** The buyer's half. */
export interface PayingNode {
  readonly capabilities: NodeCapabilities;
  info(): Promise<NodeInfo>;
  /**
   * Pays once. Resolves with what is certain: `failed` only when no part can still settle, `in-flight` when it
   * is not known. Rejects with {@link NodeError} only when nothing was sent.
   */
  payInvoice(request: PaymentRequest): Promise<PaymentState>;
  /** Never pays. */
  trackPayment(paymentHash: string): Promise<PaymentState>;
  balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }>;
  close(): Promise<void>;
}

/** A node that can do both. */
export type LightningNode = InvoiceNode & PayingNode;

/** Why a node could not be used. */
export type NodeErrorCode = 'node_unreachable' | 'node_unauthorized' | 'node_refused' | 'node_misbehaved';

/** A node failed, in a way that moved no money. The message never contains a secret. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;
  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
