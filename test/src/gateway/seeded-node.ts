import { createHmac, hash, randomBytes } from 'node:crypto';
import {
  type CreatedInvoice,
  encodeInvoice,
  type InvoiceNode,
  type InvoiceRequest,
} from '@farebox/lightning';

/** Preimages that both sides can work out from a seed: what the gateway's process would remember is not its own memory. */
export function preimageAt(seed: string, number: number): string {
  return createHmac('sha256', seed).update(String(number)).digest('hex');
}

/** The payment hash of a preimage. */
export function hashOf(preimage: string): string {
  return hash('sha256', Buffer.from(preimage, 'hex'), 'hex');
}

/**
 * A node on paper that signs invoices and keeps none of them. Regtest; no money moves. It cannot cancel: a gateway that
 * hands out more invoices than it may cancel in the same time remembers up to 20,000 of them, and that is no leak.
 */
export function seededNode(seed: string): InvoiceNode {
  const secretKey = randomBytes(32);
  let number = 0;
  return {
    capabilities: { msat: true, feeCap: true, cancel: false, track: true, hold: false },
    info: async () => ({ kind: 'paper', network: 'regtest', nodeId: '' }),
    async createInvoice({ amountMsat, description, expirySeconds }: InvoiceRequest): Promise<CreatedInvoice> {
      const paymentHash = hashOf(preimageAt(seed, number++));
      const invoice = encodeInvoice(
        {
          network: 'regtest',
          timestamp: Math.floor(Date.now() / 1_000),
          amountMsat,
          paymentHash,
          paymentSecret: randomBytes(32).toString('hex'),
          description,
          expirySeconds,
          features: [8, 14, 17],
        },
        secretKey,
      );
      if (!invoice.ok) throw new Error(invoice.detail);
      return { invoice: invoice.value, paymentHash };
    },
    lookupInvoice: async () => ({ status: 'open' }),
    cancelInvoice: async () => {},
    close: async () => {},
  };
}

/** Pays on paper: knows the preimage of every hash that {@link seededNode} has used. */
export class SeededPayer {
  readonly #seed: string;
  readonly #preimages = new Map<string, string>();
  #next = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** The preimage, which only one payment takes: it is forgotten here. */
  pay(paymentHash: string): string {
    for (let tries = 0; tries < 1_000_000 && !this.#preimages.has(paymentHash); tries++) {
      const preimage = preimageAt(this.#seed, this.#next++);
      this.#preimages.set(hashOf(preimage), preimage);
    }
    const preimage = this.#preimages.get(paymentHash);
    if (preimage === undefined) throw new Error('The hash is not one of the node.');
    this.#preimages.delete(paymentHash);
    return preimage;
  }
}
