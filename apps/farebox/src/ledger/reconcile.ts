import type { Amount } from '@farebox/protocol';

/** A payment that the node has received. */
export interface SettledPayment {
  readonly reference: string;
  readonly receivedMsat: bigint;
  /** Undefined when the node does not say. */
  readonly settledMs: number | undefined;
  readonly description?: string | undefined;
}

/** A payment that was presented: a claim of the ledger. */
export interface PresentedPayment {
  readonly seq: number;
  readonly reference: string;
  readonly paid: Amount;
  readonly createdMs: number;
  readonly route: string;
}

/** What the node says of a payment that it is asked for. */
export type NodeAnswer =
  /** Without `payment` the node does not say what arrived: there is nothing to compare. */
  | { readonly status: 'settled'; readonly payment?: SettledPayment }
  | { readonly status: 'open' | 'held' | 'cancelled' | 'unknown' };

/** A difference between the node and the ledger. */
export type Difference =
  /** The node has the money, and no claim was ever made for it. */
  | { readonly kind: 'never_presented'; readonly settled: SettledPayment }
  /** The ledger has a claim, and the node has never heard of its payment. */
  | { readonly kind: 'unknown_to_node'; readonly presented: PresentedPayment }
  /** The ledger has a claim, and the node has its invoice, unpaid. */
  | {
      readonly kind: 'not_settled';
      readonly presented: PresentedPayment;
      readonly status: 'open' | 'held' | 'cancelled';
    }
  /** Both have it, with different amounts. */
  | {
      readonly kind: 'amount_differs';
      readonly presented: PresentedPayment;
      readonly settled: SettledPayment;
    };

/** The two sides of a reconciliation, for one period. */
export interface ReconcileSides {
  /** What settled in the period, each once. In about the order of time; another order only takes more look-ups. */
  readonly settled: AsyncIterable<SettledPayment>;
  /** What was presented in the period, each once, likewise. */
  readonly presented: AsyncIterable<PresentedPayment>;
  /** The claim of a payment, whenever it was made. */
  findPresented(reference: string): Promise<PresentedPayment | undefined>;
  /** What the node knows of a payment, whenever it settled. */
  findSettled(reference: string): Promise<NodeAnswer>;
  /** True when `settled` lists a payment of that moment. */
  lists(settledMs: number): boolean;
}

/** How much was compared. */
export interface ReconcileCounts {
  readonly settled: number;
  readonly settledMsat: bigint;
  readonly presented: number;
  readonly differences: number;
}

/** Payments that wait for their other half, both sides together: some 40 MB. Beyond it the oldest is looked up. */
export const pendingMaxDefault = 100_000;

/**
 * Compares the node with the ledger and yields every difference, each once.
 *
 * Both sides are read at the same pace of time, and what has been seen on one side only waits for its other half, at
 * most `pendingMax` payments. Nothing is called missing because it did not come along: whoever has waited for too long,
 * or until the end, is looked up on the other side. So the answer does not depend on the order of the sides, nor on
 * payments that settled in the period and were presented after it; those only cost look-ups.
 */
export async function* reconcile(
  sides: ReconcileSides,
  pendingMax = pendingMaxDefault,
): AsyncGenerator<Difference, ReconcileCounts, undefined> {
  const merge = new Merge(sides, pendingMax);
  const settled = sides.settled[Symbol.asyncIterator]();
  const presented = sides.presented[Symbol.asyncIterator]();
  try {
    let left = await settled.next();
    let right = await presented.next();
    while (left.done !== true || right.done !== true) {
      if (right.done === true || (left.done !== true && timeOf(left.value) <= right.value.createdMs)) {
        if (left.done === true) break;
        yield* merge.onSettled(left.value);
        left = await settled.next();
      } else {
        yield* merge.onPresented(right.value);
        right = await presented.next();
      }
    }
    yield* merge.rest();
    return merge.counts;
  } finally {
    await settled.return?.();
    await presented.return?.();
  }
}

/** What has been seen on one side only, and what was counted. */
class Merge {
  readonly #sides: ReconcileSides;
  readonly #pendingMax: number;
  // Maps keep the order of insertion: the first one has waited longest.
  readonly #settled = new Map<string, SettledPayment>();
  readonly #presented = new Map<string, PresentedPayment>();
  #counts = { settled: 0, settledMsat: 0n, presented: 0, differences: 0 };

  constructor(sides: ReconcileSides, pendingMax: number) {
    this.#sides = sides;
    this.#pendingMax = pendingMax;
  }

  get counts(): ReconcileCounts {
    return this.#counts;
  }

  async *onSettled(settled: SettledPayment): AsyncGenerator<Difference> {
    this.#counts.settled += 1;
    this.#counts.settledMsat += settled.receivedMsat;
    const presented = this.#presented.get(settled.reference);
    if (presented === undefined) this.#settled.set(settled.reference, settled);
    else {
      this.#presented.delete(settled.reference);
      yield* this.#compare(settled, presented);
    }
    yield* this.#trim();
  }

  async *onPresented(presented: PresentedPayment): AsyncGenerator<Difference> {
    this.#counts.presented += 1;
    const settled = this.#settled.get(presented.reference);
    if (settled === undefined) this.#presented.set(presented.reference, presented);
    else {
      this.#settled.delete(presented.reference);
      yield* this.#compare(settled, presented);
    }
    yield* this.#trim();
  }

  /** Both sides have ended: everything that is left is looked up. */
  async *rest(): AsyncGenerator<Difference> {
    for (const settled of this.#settled.values()) yield* this.#judgeSettled(settled);
    for (const presented of this.#presented.values()) yield* this.#judgePresented(presented);
  }

  async *#trim(): AsyncGenerator<Difference> {
    while (this.#settled.size + this.#presented.size > this.#pendingMax) {
      const [settled] = this.#settled.values();
      const [presented] = this.#presented.values();
      if (settled !== undefined && this.#settled.size >= this.#presented.size) {
        this.#settled.delete(settled.reference);
        yield* this.#judgeSettled(settled);
      } else if (presented !== undefined) {
        this.#presented.delete(presented.reference);
        yield* this.#judgePresented(presented);
      }
    }
  }

  async *#judgeSettled(settled: SettledPayment): AsyncGenerator<Difference> {
    const presented = await this.#sides.findPresented(settled.reference);
    if (presented !== undefined) yield* this.#compare(settled, presented);
    else yield this.#found({ kind: 'never_presented', settled });
  }

  async *#judgePresented(presented: PresentedPayment): AsyncGenerator<Difference> {
    const answer = await this.#sides.findSettled(presented.reference);
    if (answer.status === 'settled') {
      if (answer.payment === undefined) return;
      const { settledMs } = answer.payment;
      // What the node lists in this period is compared when it comes along, or was: it would be named twice.
      if (settledMs !== undefined && this.#sides.lists(settledMs)) return;
      yield* this.#compare(answer.payment, presented);
    } else if (answer.status === 'unknown') yield this.#found({ kind: 'unknown_to_node', presented });
    else yield this.#found({ kind: 'not_settled', presented, status: answer.status });
  }

  *#compare(settled: SettledPayment, presented: PresentedPayment): Generator<Difference> {
    if (toMsat(presented.paid) !== settled.receivedMsat) {
      yield this.#found({ kind: 'amount_differs', presented, settled });
    }
  }

  #found(difference: Difference): Difference {
    this.#counts.differences += 1;
    return difference;
  }
}

/** Without a time it comes first: it waits longer, and is looked up at worst. */
function timeOf(settled: SettledPayment): number {
  return settled.settledMs ?? 0;
}

/** An amount in msat; undefined for a currency that no Lightning node receives. */
export function toMsat({ amount, currency }: Amount): bigint | undefined {
  if (currency === 'sat') return amount * 1000n;
  return currency === 'msat' ? amount : undefined;
}
