import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Difference,
  type NodeAnswer,
  type PresentedPayment,
  type ReconcileCounts,
  reconcile,
  type SettledPayment,
} from './reconcile.js';

/** One payment as it happened. Undefined: that side does not have it. */
interface Payment {
  readonly settledMs: number | undefined;
  readonly presentedMs: number | undefined;
  /** What the node received, and what the ledger says, in msat and sat. */
  readonly receivedMsat: bigint;
  readonly paidSat: bigint;
  /** Where the node has an invoice that is not settled. */
  readonly unsettled: 'open' | 'held' | 'cancelled' | 'unknown';
}

const fromMs = 100;
const untilMs = 200;
const inPeriod = (ms: number): boolean => ms >= fromMs && ms < untilMs;
const referenceOf = (index: number): string => `payment-${index}`;

/** A node and a ledger in which these payments happened. The streams come in the order that `shuffle` makes. */
function world(payments: readonly Payment[], shuffle: (order: number[]) => number[]) {
  const asked = { presented: 0, settled: 0 };
  const settledOf = (index: number): SettledPayment | undefined => {
    const payment = payments[index];
    if (payment?.settledMs === undefined) return undefined;
    return {
      reference: referenceOf(index),
      receivedMsat: payment.receivedMsat,
      settledMs: payment.settledMs,
    };
  };
  const presentedOf = (index: number): PresentedPayment | undefined => {
    const payment = payments[index];
    if (payment?.presentedMs === undefined) return undefined;
    const paid = { amount: payment.paidSat, currency: 'sat' };
    return {
      seq: index + 1,
      reference: referenceOf(index),
      paid,
      createdMs: payment.presentedMs,
      route: 'r',
    };
  };
  const indexOf = (reference: string): number => Number(reference.slice('payment-'.length));
  const present = <T>(found: (T | undefined)[]): T[] => found.filter((one) => one !== undefined);
  const indices = payments.map((_, index) => index);
  async function* stream<T>(rows: readonly T[]): AsyncGenerator<T> {
    for (const row of rows) yield row;
  }
  const sides = {
    settled: stream(present(shuffle(indices).map(settledOf)).filter((one) => inPeriod(one.settledMs ?? 0))),
    presented: stream(present(shuffle(indices).map(presentedOf)).filter((one) => inPeriod(one.createdMs))),
    findPresented: async (reference: string) => {
      asked.presented += 1;
      return presentedOf(indexOf(reference));
    },
    findSettled: async (reference: string): Promise<NodeAnswer> => {
      asked.settled += 1;
      const payment = settledOf(indexOf(reference));
      if (payment !== undefined) return { status: 'settled', payment };
      return { status: payments[indexOf(reference)]?.unsettled ?? 'unknown' };
    },
    lists: inPeriod,
  };
  return { sides, asked };
}

async function all(generator: AsyncGenerator<Difference, ReconcileCounts>) {
  const found: Difference[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done === true) return { found, counts: next.value };
    found.push(next.value);
  }
}

/** What is different, by the meaning of the words and without any streaming. */
function differencesOf(payments: readonly Payment[]): string[] {
  return payments.flatMap(({ settledMs, presentedMs, receivedMsat, paidSat, unsettled }, index) => {
    const name = referenceOf(index);
    const listed = settledMs !== undefined && inPeriod(settledMs);
    const claimed = presentedMs !== undefined && inPeriod(presentedMs);
    if (!listed && !claimed) return [];
    if (presentedMs === undefined) return [`never_presented ${name}`];
    if (settledMs === undefined)
      return [`${unsettled === 'unknown' ? 'unknown_to_node' : 'not_settled'} ${name}`];
    return receivedMsat === paidSat * 1000n ? [] : [`amount_differs ${name}`];
  });
}

const named = (found: readonly Difference[]): string[] =>
  found.map((one) => `${one.kind} ${'presented' in one ? one.presented.reference : one.settled.reference}`);

const moment = fc.option(fc.integer({ min: 50, max: 250 }), { nil: undefined, freq: 5 });
const payment: fc.Arbitrary<Payment> = fc.record({
  settledMs: moment,
  presentedMs: moment,
  receivedMsat: fc.constantFrom(1000n, 1001n, 2000n),
  paidSat: fc.constantFrom(1n, 2n),
  unsettled: fc.constantFrom('open', 'held', 'cancelled', 'unknown'),
});

describe('a reconciliation', () => {
  it('names every difference once, in whatever order and with however little memory', async () => {
    const order = fc.array(fc.integer(), { minLength: 30, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(payment, { maxLength: 30 }),
        order,
        fc.integer({ min: 0, max: 40 }),
        async (payments, keys, pendingMax) => {
          const shuffled = (indices: number[]): number[] =>
            [...indices].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
          const { found, counts } = await all(reconcile(world(payments, shuffled).sides, pendingMax));
          expect(named(found).sort()).toEqual(differencesOf(payments).sort());
          const listed = payments.filter(({ settledMs }) => settledMs !== undefined && inPeriod(settledMs));
          expect(counts).toEqual({
            settled: listed.length,
            settledMsat: listed.reduce((sum, { receivedMsat }) => sum + receivedMsat, 0n),
            presented: payments.filter(
              ({ presentedMs }) => presentedMs !== undefined && inPeriod(presentedMs),
            ).length,
            differences: found.length,
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('looks nothing up where payments are presented in the order in which they settle', async () => {
    const payments = Array.from({ length: 90 }, (_, index) => ({
      settledMs: 100 + index,
      presentedMs: 103 + index,
      receivedMsat: 1000n,
      paidSat: 1n,
      unsettled: 'unknown' as const,
    }));
    // Three wait at a time, and no more is kept.
    const { sides, asked } = world(payments, (order) => order);
    const { found, counts } = await all(reconcile(sides, 4));
    expect([found, counts.settled, counts.presented, asked]).toEqual([
      [],
      90,
      90,
      { presented: 0, settled: 0 },
    ]);
  });

  it('keeps no more payments waiting than it was told', async () => {
    const payments = Array.from({ length: 50 }, (_, index) => ({
      settledMs: 100 + index,
      presentedMs: undefined,
      receivedMsat: 1000n,
      paidSat: 1n,
      unsettled: 'unknown' as const,
    }));
    const { sides, asked } = world(payments, (order) => order);
    const differences = reconcile(sides, 10);
    await differences.next();
    // The first difference is told when the eleventh payment had come, long before the end.
    expect(asked.presented).toBe(1);
    await differences.return({ settled: 0, settledMsat: 0n, presented: 0, differences: 0 });
  });

  it('closes both sides when it is stopped or one of them fails', async () => {
    for (const fails of [true, false]) {
      let closed = 0;
      async function* side<T>(rows: readonly T[]): AsyncGenerator<T> {
        try {
          yield* rows;
          if (fails) throw new Error('the node has gone');
        } finally {
          closed += 1;
        }
      }
      const lone: SettledPayment = { reference: 'payment-0', receivedMsat: 1n, settledMs: 100 };
      const claim = {
        seq: 1,
        reference: 'b',
        paid: { amount: 1n, currency: 'sat' },
        createdMs: 150,
        route: 'r',
      };
      const sides = {
        ...world([], (order) => order).sides,
        settled: side([lone]),
        presented: side([claim, { ...claim, reference: 'c' }]),
      };
      const differences = reconcile(sides, 0);
      await differences.next();
      if (fails) await expect(all(differences)).rejects.toThrow('the node has gone');
      else await differences.return({ settled: 0, settledMsat: 0n, presented: 0, differences: 0 });
      expect(closed).toBe(2);
    }
  });

  it('never compares an amount in another currency as if it were the same', async () => {
    const sides = world([], (order) => order).sides;
    const settled: SettledPayment = { reference: 'payment-0', receivedMsat: 1000n, settledMs: 100 };
    const presented: PresentedPayment = {
      seq: 1,
      reference: 'payment-0',
      paid: { amount: 1000n, currency: 'usd' },
      createdMs: 100,
      route: 'r',
    };
    async function* one<T>(row: T): AsyncGenerator<T> {
      yield row;
    }
    const { found } = await all(reconcile({ ...sides, settled: one(settled), presented: one(presented) }));
    expect(named(found)).toEqual(['amount_differs payment-0']);
  });
});
