import type { Effort } from './measure.js';

/** How much is measured. */
export interface Plan extends Effort {
  readonly rounds: number;
  /** No round is begun that would probably end later than this after the start; one is always made. */
  readonly budgetMs: number;
  /** How often each command is started, and as often a bare Node. */
  readonly startUps: number;
  /** Folder for CPU profiles of the servers; undefined for none. */
  readonly profileDirectory: string | undefined;
}

/** Connections of the load generator, unless told otherwise. */
export const connectionsDefault = 64;

/**
 * The whole benchmark: some minutes. The warm-up ends when V8 has compiled what is measured: before, its compiler's
 * threads take a tenth of a paid request's processor time.
 */
export const fullPlan: Plan = {
  rounds: 5,
  connections: connectionsDefault,
  warmUpMs: 12_000,
  warmUpRequestsMax: 75_000,
  measureMs: 3_000,
  requestsMax: 70_000,
  budgetMs: 15 * 60_000,
  startUps: 9,
  profileDirectory: undefined,
};

/** `--quick`: under 50 seconds, most of them for warming up what has just been started. */
export const quickPlan: Plan = {
  ...fullPlan,
  rounds: 3,
  warmUpMs: 1_000,
  warmUpRequestsMax: 6_000,
  measureMs: 600,
  requestsMax: 20_000,
  budgetMs: 36_000,
  startUps: 3,
};
