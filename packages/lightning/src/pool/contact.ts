import { DeadlineExceeded, withDeadline } from '../charge/deadline.js';
import { type InvoiceNode, NodeError } from '../node.js';
import { contactAgeMsMax, contactTimeoutMs } from './limits.js';

/**
 * Whether a node answers, as far as is known. An invoice that was made while it did cannot be paid while it does not, so
 * the pool must not find out only when it is empty: when nothing was heard for a while, it asks.
 */
export class Contact {
  readonly #node: Pick<InvoiceNode, 'info'>;
  readonly #now: () => number;
  #lost: Error | undefined;
  #heardMs: number;
  #asking = false;

  constructor(node: Pick<InvoiceNode, 'info'>, now: () => number) {
    this.#node = node;
    this.#now = now;
    this.#heardMs = now();
  }

  /** Why the node counts as down; undefined while it does not. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** The node has done what it was asked for. */
  heard(): void {
    this.#lost = undefined;
    this.#heardMs = this.#now();
  }

  /** The node has not. A refusal, of whatever kind, is an answer too: what it has made before can still be paid. */
  failed(error: unknown): void {
    const silent = error instanceof DeadlineExceeded;
    if (silent || (error instanceof NodeError && error.code === 'node_unreachable')) this.#lost = error;
    else this.heard();
  }

  /** Asks the node, in the background, when nothing was heard of it for a while. One question at a time. */
  check(): void {
    if (this.#asking || this.#lost !== undefined) return;
    if (this.#now() - this.#heardMs < contactAgeMsMax) return;
    this.#asking = true;
    withDeadline(this.#node.info(), contactTimeoutMs)
      .then(
        () => this.heard(),
        (error: unknown) => this.failed(error),
      )
      .finally(() => {
        this.#asking = false;
      });
  }
}
