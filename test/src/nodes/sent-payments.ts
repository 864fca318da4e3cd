import { setTimeout as pause } from 'node:timers/promises';
import type { PaymentRequest, PaymentState } from '@farebox/lightning';
import type { Backing } from './backing.js';

/** The payments of a facade's node: remembered by hash also when they fail, and followed to their end. */
export class SentPayments {
  readonly #wallet: Backing['wallet'];
  readonly #states = new Map<string, PaymentState>();

  constructor(wallet: Backing['wallet']) {
    this.#wallet = wallet;
  }

  state(paymentHash: string): PaymentState {
    return this.#states.get(paymentHash) ?? { status: 'absent' };
  }

  /** Pays and resolves at the end, however long it takes. Nodes that refuse a second payment do so before this. */
  async pay(paymentHash: string, request: PaymentRequest): Promise<PaymentState> {
    this.#states.set(paymentHash, { status: 'in-flight' });
    let state = await this.#wallet
      .payInvoice(request)
      .catch((error: unknown): PaymentState => ({ status: 'failed', reason: String(error) }));
    while (state.status === 'in-flight') {
      await pause(20);
      state = await this.#wallet
        .trackPayment(paymentHash)
        .catch((): PaymentState => ({ status: 'failed', reason: 'closed' }));
    }
    this.#states.set(paymentHash, state);
    return state;
  }
}

/** A payment's end, or undefined when `timeoutMs` comes first. The payment goes on. */
export function endWithin(
  payment: Promise<PaymentState>,
  timeoutMs: number,
): Promise<PaymentState | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    payment.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
