import type { Cargo } from './process/tables.js';

/** Names of the scenarios, as in the output. */
export type ScenarioName = 'bare' | 'free' | 'challenge' | 'paid' | 'mppx-challenge' | 'mppx-paid';

/** One thing that is measured: a server, and what is sent to it. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  /** Entry file of the server's process. */
  readonly entry: string;
  readonly cargo: Cargo;
  /** Every answer must have this status. */
  readonly status: 200 | 402;
  /** Every answer must have a receipt, and no other answer one. */
  readonly receipts: boolean;
  /** The requests reach the upstream. */
  readonly forwarded: boolean;
}

const farebox = 'servers/farebox.js';
const mppx = 'servers/mppx.js';

/**
 * What is measured, in the order of the table. The proxies that ignore credentials are sent them
 * all the same, so that every 200 costs its client the same bytes.
 */
export const scenarios: readonly Scenario[] = [
  {
    name: 'bare',
    title: 'bare undici proxy',
    entry: 'servers/bare.js',
    cargo: { kind: 'ignored', set: farebox },
    status: 200,
    receipts: false,
    forwarded: true,
  },
  {
    name: 'free',
    title: 'Farebox, free route',
    entry: farebox,
    cargo: { kind: 'ignored', set: farebox },
    status: 200,
    receipts: false,
    forwarded: true,
  },
  {
    name: 'challenge',
    title: 'Farebox, 402',
    entry: farebox,
    cargo: { kind: 'plain' },
    status: 402,
    receipts: false,
    forwarded: false,
  },
  {
    name: 'paid',
    title: 'Farebox, paid, durable',
    entry: farebox,
    cargo: { kind: 'once', set: farebox },
    status: 200,
    receipts: true,
    forwarded: true,
  },
  {
    name: 'mppx-challenge',
    title: 'mppx 0.11.0, 402',
    entry: mppx,
    cargo: { kind: 'plain' },
    status: 402,
    receipts: false,
    forwarded: false,
  },
  {
    name: 'mppx-paid',
    title: 'mppx 0.11.0, paid, in memory',
    entry: mppx,
    cargo: { kind: 'once', set: mppx },
    status: 200,
    receipts: true,
    forwarded: true,
  },
];

const order: readonly ScenarioName[] = ['free', 'challenge', 'mppx-challenge', 'mppx-paid', 'paid', 'bare'];

/**
 * The scenarios as they take turns, backwards every other round: what is divided by each other stands side by side, because a
 * shared machine is not as fast a minute later.
 */
export const inTurns: readonly Scenario[] = order.flatMap((name) =>
  scenarios.filter((scenario) => scenario.name === name),
);

/** The servers whose credentials are needed, each named by its entry. */
export const credentialSets: readonly string[] = [farebox, mppx];
