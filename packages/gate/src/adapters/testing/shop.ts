import type { Server } from 'node:http';
import type { Gate } from '../../index.js';
import { idempotent, once, safe } from '../../testing/rig.js';

/** The terms of what the {@link Shop} sells, by route. */
export const shopTerms = { safe, once, idempotent };

/** What a seller of the conformance tests sells, behind whatever framework. */
export class Shop {
  /** How often a handler was called. */
  calls = 0;
  /** The flaky route fails while this holds. */
  failing = false;
  /** The bodies that the orders came with, as the handler was given them. */
  readonly orders: string[] = [];
  #called: () => void = () => {};
  #finish: () => void = () => {};
  #held: Promise<void> = Promise.resolve();

  /** The next call of the slow or the streaming route waits until it is let go. */
  hold(): { readonly called: Promise<void>; readonly letGo: () => void } {
    const called = new Promise<void>((resolve) => {
      this.#called = resolve;
    });
    this.#held = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    return { called, letGo: () => this.#finish() };
  }

  joke(): string {
    this.calls++;
    return 'Knock, knock.';
  }

  flaky(): { readonly status: number; readonly body: string } {
    this.calls++;
    return this.failing ? { status: 500, body: 'broken' } : { status: 200, body: 'fine' };
  }

  order(body: string): { readonly got: string } {
    this.calls++;
    this.orders.push(body);
    return { got: body };
  }

  async slow(): Promise<string> {
    this.calls++;
    this.#called();
    await this.#held;
    return 'at last';
  }

  async *stream(): AsyncGenerator<string> {
    this.calls++;
    yield 'one ';
    this.#called();
    await this.#held;
    yield 'two';
  }

  async *breaksOff(): AsyncGenerator<string> {
    this.calls++;
    yield 'half ';
    this.failIfFailing();
    yield 'and half';
  }

  failIfFailing(): void {
    if (this.failing) this.fail();
  }

  fail(): never {
    this.calls++;
    throw new Error('secret-of-the-handler');
  }
}

/** A seller that listens on loopback. */
export interface Selling {
  readonly server: Server;
  close(): Promise<void>;
}

/** One way to sell the {@link Shop}. */
export interface Seller {
  readonly name: string;
  /** It can tell that a handler threw from an answer of 500. */
  readonly seesErrors: boolean;
  open(gate: Gate, shop: Shop): Promise<Selling>;
}
