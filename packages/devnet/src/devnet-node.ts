import type { CreatedInvoice, InvoiceRequest, LightningNode } from '@farebox/lightning';

/** A hold invoice to be made: its payment waits until the caller settles or cancels it. */
export interface HoldRequest extends InvoiceRequest {
  /** SHA-256 of a preimage that the caller keeps. Lowercase hex, 64 characters. */
  readonly paymentHash: string;
}

/** A node of a devnet: the Lightning node interface, and holding payments beside it. */
export interface DevnetNode extends LightningNode {
  /** Makes an invoice for the caller's hash. A payment for it is held. Rejects with `NodeError`. */
  holdInvoice(request: HoldRequest): Promise<CreatedInvoice>;
  /** Takes the held payment of this preimage's invoice. Idempotent. */
  settleHold(preimage: string): Promise<void>;
  /** Gives a held payment back and cancels its invoice. Idempotent. */
  cancelHold(paymentHash: string): Promise<void>;
}

/** The nodes of a devnet. `router` exists only where it was asked for. */
export type DevnetRole = 'merchant' | 'wallet' | 'router';
