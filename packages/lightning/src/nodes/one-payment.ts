import type { PaymentState } from '../node.js';

/**
 * Keeps one payment of each hash under way at a time, for nodes that would pay an invoice as often as they are told:
 * whoever comes second waits for the first one's payment, as long as it may, and never starts another.
 */
export class OnePayment {
  readonly #running = new Map<string, Promise<PaymentState>>();

  async run(paymentHash: string, timeoutMs: number, pay: () => Promise<PaymentState>): Promise<PaymentState> {
    const first = this.#running.get(paymentHash);
    if (first !== undefined) return within(first, timeoutMs);
    const payment = pay();
    this.#running.set(paymentHash, payment);
    try {
      return await payment;
    } finally {
      this.#running.delete(paymentHash);
    }
  }
}

/** The first one's outcome. Its error is its own: to the second one the payment is simply not known. */
function within(payment: Promise<PaymentState>, timeoutMs: number): Promise<PaymentState> {
  return new Promise((resolve) => {
    const unknown = () => resolve({ status: 'in-flight' });
    const timer = setTimeout(unknown, timeoutMs);
    payment.then(resolve, unknown).finally(() => clearTimeout(timer));
  });
}
