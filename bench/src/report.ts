import type { Plan } from './effort.js';
import type { GroupCommitReport } from './group-commit.js';
import type { Machine } from './machine.js';
import type { Measurement } from './measure.js';
import type { Scenario, ScenarioName } from './scenario.js';
import { type Spread, spreadOf } from './spread.js';
import type { StartUpReport } from './start-up.js';
import type { SyncEvidence } from './syncs.js';

/** One line of the table. */
export interface ScenarioReport {
  readonly name: ScenarioName;
  readonly title: string;
  readonly status: number;
  /** The requests reach the upstream, so that throughput can be compared with the bare proxy's. */
  readonly forwarded: boolean;
  /** Requests that were measured, in all rounds. */
  readonly requests: number;
  readonly requestsPerSecond: Spread;
  /** Microseconds of CPU, all threads of the server, per request. */
  readonly cpuUs: Spread;
  /** Throughput divided by that of the bare proxy in the same round. */
  readonly throughputVsBare: Spread;
  /** CPU per request divided by that of the bare proxy in the same round. */
  readonly cpuVsBare: Spread;
  /** Processors used: by the server, by load generator and upstream, and by strangers. */
  readonly serverCores: Spread;
  readonly clientCores: Spread;
  readonly foreignCores: Spread;
}

/** One of the ratios that issue and documentation promise. */
export interface RatioReport {
  readonly name: 'challenge-cpu-vs-mppx' | 'paid-cpu-vs-mppx' | 'paid-throughput-vs-bare';
  readonly title: string;
  /** Over the rounds; each round's ratio is of measurements of that round. */
  readonly value: Spread;
  readonly target: { readonly atMost: number } | { readonly atLeast: number };
  /** The median meets the target. */
  readonly met: boolean;
}

/** Evidence of durability and of group commit. */
export interface LedgerReport {
  /** Deliveries in the ledgers of all paid rounds, warm-up included; equal to receipts and to upstream hits. */
  readonly deliveries: number;
  readonly operations: number;
  /** Synced transactions. */
  readonly commits: number;
  readonly operationsPerCommit: number;
  /** Sync calls that the system saw; undefined where they could not be counted. */
  readonly syncs: SyncEvidence | undefined;
}

/** Everything that a run of the benchmark found; `--json` prints this. */
export interface Report {
  readonly machine: Machine & { readonly pinned: boolean };
  readonly plan: Pick<Plan, 'connections' | 'warmUpMs' | 'warmUpRequestsMax' | 'measureMs'> & {
    readonly rounds: number;
  };
  readonly bytes: { readonly challenge: number; readonly credential: number };
  readonly scenarios: readonly ScenarioReport[];
  readonly ratios: readonly RatioReport[];
  readonly ledger: LedgerReport;
  readonly groupCommit: readonly GroupCommitReport[];
  readonly startUp: StartUpReport;
  readonly seconds: number;
}

/** The measurements of one round, by scenario. */
export type Round = ReadonlyMap<ScenarioName, Measurement>;

function of(round: Round, name: ScenarioName): Measurement {
  const measurement = round.get(name);
  if (measurement === undefined) throw new Error(`The round has no measurement of ${name}.`);
  return measurement;
}

/** Sums a scenario up. */
export function reportScenario(scenario: Scenario, rounds: readonly Round[]): ScenarioReport {
  const { name, title, status, forwarded } = scenario;
  const spread = (read: (own: Measurement, bare: Measurement) => number): Spread =>
    spreadOf(rounds.map((round) => read(of(round, name), of(round, 'bare'))));
  return {
    name,
    title,
    status,
    forwarded,
    requests: rounds.reduce((sum, round) => sum + of(round, name).requests, 0),
    requestsPerSecond: spread((own) => own.requestsPerSecond),
    cpuUs: spread((own) => own.cpuUs),
    throughputVsBare: spread((own, bare) => own.requestsPerSecond / bare.requestsPerSecond),
    cpuVsBare: spread((own, bare) => own.cpuUs / bare.cpuUs),
    serverCores: spread((own) => own.serverCores),
    clientCores: spread((own) => own.clientCores),
    foreignCores: spread((own) => own.foreignCores),
  };
}

/** The three promised ratios. */
export function reportRatios(rounds: readonly Round[]): RatioReport[] {
  const cpu = (own: ScenarioName, other: ScenarioName): Spread =>
    spreadOf(rounds.map((round) => of(round, own).cpuUs / of(round, other).cpuUs));
  const challenge = cpu('challenge', 'mppx-challenge');
  const paid = cpu('paid', 'mppx-paid');
  const throughput = spreadOf(
    rounds.map((round) => of(round, 'paid').requestsPerSecond / of(round, 'bare').requestsPerSecond),
  );
  return [
    {
      name: 'challenge-cpu-vs-mppx',
      title: '402: CPU ÷ mppx CPU',
      value: challenge,
      target: { atMost: 1 / 5 },
      met: challenge.median <= 1 / 5,
    },
    {
      name: 'paid-cpu-vs-mppx',
      title: 'paid and durable: CPU ÷ mppx CPU, not durable',
      value: paid,
      target: { atMost: 1 / 4 },
      met: paid.median <= 1 / 4,
    },
    {
      name: 'paid-throughput-vs-bare',
      title: 'paid and durable: throughput ÷ bare proxy',
      value: throughput,
      target: { atLeast: 0.45 },
      met: throughput.median >= 0.45,
    },
  ];
}

/** Adds up what the ledgers of the paid rounds say. */
export function reportLedger(rounds: readonly Round[], syncs: SyncEvidence | undefined): LedgerReport {
  let [deliveries, operations, commits] = [0, 0, 0];
  for (const round of rounds) {
    const { ledger } = of(round, 'paid');
    if (ledger === undefined) throw new Error('The paid scenario has no ledger.');
    deliveries += ledger.delivered;
    operations += ledger.operations;
    commits += ledger.commits;
  }
  return { deliveries, operations, commits, operationsPerCommit: operations / commits, syncs };
}
