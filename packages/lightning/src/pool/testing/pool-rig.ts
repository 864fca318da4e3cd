import { vi } from 'vitest';
import { type InvoiceRequest, NodeError } from '../../node.js';
import { createInvoicePool } from '../invoice-pool.js';
import type { InvoicePool, InvoicePoolOptions } from '../pool.js';
import type { CheckedInvoice } from '../shelf.js';
import { CountingNode } from './counting-node.js';

/** What most tests ask for. */
export const oneSat: InvoiceRequest = { amountMsat: 1_000n, description: 'A request', expirySeconds: 305 };
export const never = new Promise<never>(() => {});
export const down = new NodeError('node_unreachable', 'Connection refused');

/** A pool at a node that counts. Time is the test's own: `vi.useFakeTimers` comes before. */
export class PoolRig {
  readonly node: CountingNode;
  readonly pool: InvoicePool;

  constructor(options: Partial<InvoicePoolOptions> = {}, node: { readonly cancel?: boolean } = {}) {
    this.node = new CountingNode(node);
    this.pool = createInvoicePool({ node: this.node, network: 'regtest', ...options });
  }

  /** Takes one after the other, and lets everything happen in between that needs no time. */
  async takeMany(count: number, request = oneSat): Promise<CheckedInvoice[]> {
    const taken: CheckedInvoice[] = [];
    for (let i = 0; i < count; i++) {
      taken.push(await this.pool.take(request));
      await vi.advanceTimersByTimeAsync(0);
    }
    return taken;
  }

  /** Ends the test: nothing of the pool goes on. */
  async close(): Promise<void> {
    this.node.before = async () => {};
    const closing = this.pool.close();
    await vi.advanceTimersByTimeAsync(60_000);
    await closing;
  }
}

export function hashes(taken: readonly CheckedInvoice[]): string[] {
  return taken.map(({ paymentHash }) => paymentHash);
}
