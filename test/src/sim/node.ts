import { createHash } from 'node:crypto';
import { type JsonObject, MethodUnavailable, type Offer, type SellerMethod } from '@farebox/protocol';

/** Hexadecimal sha256. */
export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * The node that both sides share: makes invoices, and moves money. Its proofs are real preimages; its invoices are not
 * BOLT 11, because signing each costs a thousand times what the rest of a step does.
 */
export class SimNode {
  up = true;
  /** The next invoice is the last one once more: a node that is wrong in the worst way. */
  repeats = false;
  readonly #seed: number;
  readonly #preimages = new Map<string, string>();
  /** What was paid, by payment hash: once each. */
  readonly payments = new Map<string, bigint>();
  readonly #prices = new Map<string, bigint>();
  #last = '';

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Every preimage that exists; none may ever be seen outside a credential. */
  get preimages(): Iterable<string> {
    return this.#preimages.values();
  }

  /** A payment hash to be paid. */
  invoice(amount: bigint): string {
    if (!this.up) throw new MethodUnavailable('The simulated node is down.');
    if (this.repeats && this.#prices.get(this.#last) === amount) {
      this.repeats = false;
      return this.#last;
    }
    const preimage = sha256(`preimage ${this.#seed} ${this.#preimages.size}`);
    this.#last = sha256(Buffer.from(preimage, 'hex'));
    this.#preimages.set(this.#last, preimage);
    this.#prices.set(this.#last, amount);
    return this.#last;
  }

  /** Moves the money, once, and gives the proof. */
  pay(hash: string): string | undefined {
    const price = this.#prices.get(hash);
    if (price === undefined) return undefined;
    this.payments.set(hash, price);
    return this.#preimages.get(hash);
  }

  /** The seller's side, with the check of the real one (`packages/lightning/src/charge/seller.ts`). */
  seller(): SellerMethod {
    return {
      method: 'lightning',
      intent: 'charge',
      quote: async (offer: Offer, { nowMs, challengeLifeMs }) => ({
        request: {
          amount: String(offer.price.amount),
          currency: offer.price.currency,
          methodDetails: { paymentHash: this.invoice(offer.price.amount) },
        },
        expiresMs: nowMs + challengeLifeMs,
      }),
      verify: ({ requestObject }, payload) => {
        const { preimage } = payload;
        const hash = paymentHashOf(requestObject);
        const { amount } = requestObject;
        if (typeof preimage !== 'string' || !/^[0-9a-f]{64}$/.test(preimage)) {
          return { ok: false, refusal: { reason: 'malformed', detail: 'The preimage is not 32 bytes.' } };
        }
        if (typeof amount !== 'string' || hash !== sha256(Buffer.from(preimage, 'hex'))) {
          return { ok: false, refusal: { reason: 'invalid-proof', detail: 'The preimage does not fit.' } };
        }
        const paid = { amount: BigInt(amount), currency: 'sat' };
        return { ok: true, settlement: { reference: hash, paid } };
      },
    };
  }
}

/** The payment hash in a challenge's request object; empty when there is none. */
export function paymentHashOf(request: JsonObject | undefined): string {
  const details = request?.methodDetails;
  if (typeof details !== 'object' || details === null || !('paymentHash' in details)) return '';
  return typeof details.paymentHash === 'string' ? details.paymentHash : '';
}
