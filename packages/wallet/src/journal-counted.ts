import type { JournalEntry } from './journal.js';
import { clockToleranceMs, finest } from './limits.js';
import { type Budget, type BudgetStanding, hostOf } from './policy/budget.js';
import { isOpen, stateTable } from './states.js';

/** What one payment takes of the budgets in one currency. */
export interface Counted {
  /** In the finest unit: `msat`, or the token's address in lower case. */
  readonly currency: string;
  readonly amount: bigint;
  /** True while it may still become a payment, or another amount: it then counts whatever its age. */
  readonly open: boolean;
  /** Counts only until then, milliseconds since the epoch. */
  readonly untilMs?: number;
}

/**
 * What a payment takes of the budgets, by the table of states. At most two: the fee may be in a currency of its own.
 *
 * A payment that a node was asked about from outside (`not-paid`, not final) is given back when its deadline has passed
 * too: until then the node might contradict itself.
 */
export function countedOf(entry: JournalEntry): readonly Counted[] {
  const { price, maxFee, paid, fee, payingMs, payDeadlineMs } = entry;
  switch (stateTable[entry.state].budget) {
    case 'reserved':
      return sum([price, maxFee]).map((one) => ({ ...one, open: true }));
    case 'spent':
      return sum([paid ?? price, fee ?? maxFee]).map((one) => ({ ...one, open: isOpen(entry) }));
    case 'given-back': {
      // The chain's last word, and its price: gone for good, like what was paid.
      if (fee !== undefined) return sum([fee]).map((one) => ({ ...one, open: false }));
      if (payingMs === undefined) return [];
      const untilMs = payDeadlineMs + clockToleranceMs;
      return sum([price, maxFee]).map((one) => ({ ...one, open: false, untilMs }));
    }
  }
}

/** What a plan would take of a budget's currency. */
export function neededBy(plan: Pick<JournalEntry, 'price' | 'maxFee'>, budget: Budget): bigint {
  const { currency } = finest(budget.limit);
  return sum([plan.price, plan.maxFee]).find((one) => one.currency === currency)?.amount ?? 0n;
}

/** The host that a payment counts for; undefined for an invoice that is paid by hand. */
export function countedHost(entry: Pick<JournalEntry, 'request'>): string | undefined {
  return entry.request && hostOf(entry.request.url);
}

/** A standing from its two sums. */
export function standingOf(budget: Budget, spent: bigint, reserved: bigint): BudgetStanding {
  const { currency, amount: limit } = finest(budget.limit);
  const left = limit - spent - reserved;
  return { budget, currency, limit, spent, reserved, left: left > 0n ? left : 0n };
}

function sum(amounts: readonly { readonly amount: bigint; readonly currency: string }[]) {
  const sums = new Map<string, bigint>();
  for (const { currency, amount } of amounts.map(finest)) {
    sums.set(currency, (sums.get(currency) ?? 0n) + amount);
  }
  return [...sums].map(([currency, amount]) => ({ currency, amount }));
}
