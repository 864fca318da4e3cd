/** A count of a piece of the calendar, so that it can outlive the process. */
export interface KeptCount {
  /** Window and subject. */
  readonly name: string;
  readonly count: number;
  /** When its piece of the calendar ends, milliseconds since the epoch. */
  readonly endMs: number;
}

/** Where counts are kept that must outlive the process. */
export interface CountKeep {
  /** Those whose time is not over. */
  load(nowMs: number): Promise<readonly KeptCount[]>;
  /** Keeps these, and forgets those whose time is over. */
  save(counts: readonly KeptCount[], nowMs: number): Promise<void>;
}

/** How often counts are kept, milliseconds: what a crash may forget. */
export const keepEveryMs = 10_000;
