/** How much may be spent, and over which time. */
export interface AllowanceTerms {
  /** Whose money it is: allowances of one name in one store are one. 1 to 200 characters. */
  readonly purse: string;
  /** The most, base units. */
  readonly amount: bigint;
  /** Within any stretch of this length no more than that is spent, milliseconds. */
  readonly windowMs: number;
}

/**
 * A bound on spending that outlives the process. What is about to be spent is set aside first, durably, and counts in
 * full until somebody says what it really cost, so a crash in between can only make the allowance smaller, until its
 * window is over. Every promise resolves only after its change is on disk, and rejects with `LedgerUnavailable`: then
 * nothing may be spent.
 */
export interface Allowance {
  /**
   * Sets the most that something can cost aside; false when the allowance does not allow it. Setting the same name aside
   * again is free: it can cost once only.
   *
   * @param name what costs, 1 to 200 characters: a transaction's hash
   */
  reserve(name: string, worst: bigint, nowMs: number): Promise<boolean>;
  /** Tells what something really cost: zero when it came to nothing. Not to be called while that is not known. */
  conclude(name: string, cost: bigint, nowMs: number): Promise<void>;
  /** What is left now, base units. */
  remaining(nowMs: number): Promise<bigint>;
  close(): Promise<void>;
}
