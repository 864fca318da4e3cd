import type { Amount } from '@farebox/protocol';

/** The windows of budgets, milliseconds. Both roll: they are the time up to now, so that no midnight opens a new one. */
export const budgetWindowsMs = { hour: 3_600_000, day: 86_400_000 } as const;

/** What may be spent within a window, by one rule of a policy. */
export interface Budget {
  /** The key of the policy that says so: `limits.day`. */
  readonly rule: string;
  /** How far back it counts, milliseconds. */
  readonly windowMs: number;
  /** Most that may be spent within it, fees included. */
  readonly limit: Amount;
  /** Only what is paid to this host. */
  readonly host?: string;
  /** Only what is paid by this payment method. */
  readonly method?: string;
}

/** How a budget stands. All amounts are in the finest unit of its currency ({@link finest}). */
export interface BudgetStanding {
  readonly budget: Budget;
  readonly currency: string;
  readonly limit: bigint;
  /** Paid within the window. */
  readonly spent: bigint;
  /** Held for payments of which it is not known, or not yet, whether they are made. They count whatever their age. */
  readonly reserved: bigint;
  /** What is left; never below zero. */
  readonly left: bigint;
}

/** A budget that has no room for a payment. */
export interface OverBudget {
  readonly standing: BudgetStanding;
  /** What the payment would have reserved: price and fee cap, in the same unit. */
  readonly needed: bigint;
  /** When there will be room if nothing else is paid, milliseconds since the epoch; absent when time alone does not help. */
  readonly roomMs?: number;
}

/** The host of a URL as budgets count it: without port, without a final dot, in lower case. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, '');
}
