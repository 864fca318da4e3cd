import type { PayOutcome } from '@farebox/protocol';
import { lightningBuyer } from '../charge/buyer.js';
import type { PaymentRequest, PaymentState } from '../node.js';
import { PaperNode } from '../paper/paper-node.js';
import { nowMs, preimage } from './charge-challenge.js';

/** Allows 21 sat, 2 sat of fees and half a minute. */
export const limits = {
  maxAmount: { amount: 21n, currency: 'sat' },
  maxFee: { amount: 2n, currency: 'sat' },
  deadlineMs: nowMs + 30_000,
};
/** The payment settled, for a fee of 1,500 msat. */
export const success = { status: 'succeeded', preimage, feeMsat: 1_500n } as const;
export const never = new Promise<never>(() => {});

/** A node that answers as it is told, and counts what it was asked. */
export class ScriptedNode extends PaperNode {
  readonly paid: PaymentRequest[] = [];
  tracked = 0;
  constructor(
    readonly pays: () => Promise<PaymentState>,
    readonly tracks: (times: number) => Promise<PaymentState> = async () => ({ status: 'absent' }),
    track = true,
  ) {
    super();
    this.capabilities = { msat: true, feeCap: true, cancel: true, track, hold: false };
  }
  override readonly capabilities: PaperNode['capabilities'];
  override payInvoice(request: PaymentRequest): Promise<PaymentState> {
    this.paid.push(request);
    return this.pays();
  }
  override trackPayment(): Promise<PaymentState> {
    this.tracked++;
    return this.tracks(this.tracked);
  }
}

/** First answer to the question before paying, then to those after it. */
export function tracks(before: PaymentState, after: PaymentState) {
  return async (times: number) => (times === 1 ? before : after);
}

/** The node has never sent it. */
export const absent: PaymentState = { status: 'absent' };
export const inFlight: PaymentState = { status: 'in-flight' };
/** No part of it can still settle. */
export const failed: PaymentState = { status: 'failed', reason: 'no route' };

/** A buyer on regtest that pays with this node. */
export function buyerOf(node: PaperNode, now = () => nowMs) {
  return lightningBuyer({ node, network: 'regtest', now });
}

/** What a buyer makes of {@link success}. */
export const paidOutcome: PayOutcome = {
  kind: 'paid',
  payload: { preimage },
  paid: { amount: 21n, currency: 'sat' },
  fee: { amount: 1_500n, currency: 'msat' },
};
