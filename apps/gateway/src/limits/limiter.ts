import type { LimitWindow } from './window.js';

/** How much of a window is left. */
export interface WindowState {
  readonly window: LimitWindow;
  readonly remaining: number;
  /** How long until it begins anew. */
  readonly resetMs: number;
}

/** What a limiter says: taken, or which window has nothing left. */
export type Taken =
  | { readonly ok: true; readonly states: readonly WindowState[] }
  | { readonly ok: false; readonly by: WindowState; readonly states: readonly WindowState[] };

/** Counts requests in windows. */
export interface Limiter {
  /**
   * Takes one request from each window, in their order, and stops at the first that has none left. What was taken from the
   * windows before it stays taken.
   *
   * @param subject whose requests are counted: at most 100 characters
   */
  take(subject: string, windows: readonly LimitWindow[], nowMs: number): Promise<Taken>;
  close(): Promise<void>;
}
