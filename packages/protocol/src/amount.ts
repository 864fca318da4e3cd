/** An amount in base units of its currency. Never a float, never a bare number. */
export interface Amount {
  /** Whole base units, e.g. satoshis for `sat`. */
  readonly amount: bigint;
  /** Currency as the specification writes it: `sat`, `usd`, a token address. */
  readonly currency: string;
}

/** `1 sat`, for people. */
export function formatAmount(value: Amount): string {
  return `${value.amount} ${value.currency}`;
}

/** True when both amounts have the same currency and the same number of units. */
export function sameAmount(a: Amount, b: Amount): boolean {
  return a.currency === b.currency && a.amount === b.amount;
}
