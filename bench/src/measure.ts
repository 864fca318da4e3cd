import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { machineBusyMs } from './machine.js';
import { answerMsMax, type Child, startChild } from './process/child.js';
import { cpuBetween, cpuTime } from './process/cpu.js';
import type {
  LedgerTally,
  LoadCommands,
  LoadResult,
  ServerCommands,
  UpstreamCommands,
} from './process/tables.js';
import type { Scenario } from './scenario.js';

/** What runs beside the servers under test, for the whole benchmark. */
export interface Bench {
  readonly load: Child<LoadCommands>;
  readonly upstream: Child<UpstreamCommands>;
  readonly upstreamPort: number;
  /** In front of a server's command line. */
  readonly serverPrefix: readonly string[];
  /** Where servers keep their files. */
  readonly directory: string;
}

/** How long and how hard a server is driven. */
export interface Effort {
  readonly connections: number;
  /** The warm-up ends after this time or so many requests, whichever is first. */
  readonly warmUpMs: number;
  readonly warmUpRequestsMax: number;
  readonly measureMs: number;
  /** Requests of the measured run, at most. */
  readonly requestsMax: number;
}

/** One measurement: one scenario in one round, in a process of its own. */
export interface Measurement {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** CPU time of the server's process, all threads, per request. */
  readonly cpuUs: number;
  /** How much of one processor the server used. */
  readonly serverCores: number;
  /** The same of the load generator and the upstream together. */
  readonly clientCores: number;
  /** The same of everything else on the machine. Above 0.3 the measurement is disturbed. */
  readonly foreignCores: number;
  readonly ledger: LedgerTally | undefined;
}

/** The answers were not what they must be, so their speed means nothing. */
export class WrongAnswers extends Error {
  override readonly name = 'WrongAnswers';
  readonly code = 'wrong_answers';
}

/** Runs `work` with a fresh server, which is gone afterwards. */
export async function withServer<T>(
  bench: Bench,
  entry: string,
  work: (server: Child<ServerCommands>, port: number) => Promise<T>,
  nodeFlags: readonly string[] = [],
): Promise<T> {
  const server = startChild<ServerCommands>({ entry, prefix: bench.serverPrefix, nodeFlags });
  const directory = await mkdtemp(join(bench.directory, 'server-'));
  try {
    const { port } = await server.ask('listen', { upstreamPort: bench.upstreamPort, directory });
    return await work(server, port);
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Measures one scenario once. Rejects with {@link WrongAnswers} when any answer, or any count, is wrong. */
export function measure(
  bench: Bench,
  scenario: Scenario,
  effort: Effort,
  nodeFlags: readonly string[] = [],
): Promise<Measurement> {
  const { load, upstream } = bench;
  const run = async (port: number, milliseconds: number, requestsMax: number) => {
    const { cargo, status } = scenario;
    const { connections } = effort;
    const order = { port, cargo, status, milliseconds, requestsMax, connections };
    const result = await load.ask('run', order, milliseconds + answerMsMax);
    checkAnswers(scenario, result);
    return result;
  };
  const work = async (server: Child<ServerCommands>, port: number): Promise<Measurement> => {
    if (scenario.cargo.kind === 'once') await load.ask('rewind', { set: scenario.cargo.set });
    await upstream.ask('hits', undefined);
    const warmUp = await run(port, effort.warmUpMs, effort.warmUpRequestsMax);
    const readCpu = async () => ({
      server: await server.ask('cpu', undefined),
      load: await load.ask('cpu', undefined),
      upstream: await upstream.ask('cpu', undefined),
      self: cpuTime(),
      machineMs: machineBusyMs(),
      atMs: performance.now(),
    });
    const before = await readCpu();
    const result = await run(port, effort.measureMs, effort.requestsMax);
    const after = await readCpu();
    const ledger = await server.ask('close', undefined);
    checkCounts(scenario, warmUp.requests + result.requests, await upstream.ask('hits', undefined), ledger);

    const serverUs = cpuBetween(before.server, after.server);
    const clientUs = cpuBetween(before.load, after.load) + cpuBetween(before.upstream, after.upstream);
    const wallUs = (after.atMs - before.atMs) * 1_000;
    const foreignUs =
      (after.machineMs - before.machineMs) * 1_000 -
      serverUs -
      clientUs -
      cpuBetween(before.self, after.self);
    return {
      requests: result.requests,
      requestsPerSecond: (result.requests / result.milliseconds) * 1_000,
      cpuUs: serverUs / result.requests,
      serverCores: serverUs / wallUs,
      clientCores: clientUs / wallUs,
      foreignCores: Math.max(0, foreignUs / wallUs),
      ledger,
    };
  };
  return withServer(bench, scenario.entry, work, nodeFlags);
}

function checkAnswers(scenario: Scenario, result: LoadResult): void {
  const wrong = Object.entries(result.unexpected);
  if (wrong.length > 0) {
    const counts = wrong.map(([status, count]) => `${count} × ${status}`).join(', ');
    throw new WrongAnswers(
      `${scenario.title}: every answer must be ${scenario.status}, but of ${result.requests} there were ${counts}.`,
    );
  }
  if (result.requests === 0) throw new WrongAnswers(`${scenario.title}: nothing was answered.`);
  const receipts = scenario.receipts ? result.requests : 0;
  if (result.receipts !== receipts) {
    throw new WrongAnswers(`${scenario.title}: ${result.receipts} receipts where ${receipts} must be.`);
  }
}

/** Receipts == deliveries in the ledger == hits of the upstream. */
function checkCounts(
  scenario: Scenario,
  answers: number,
  hits: number,
  ledger: LedgerTally | undefined,
): void {
  const forwarded = scenario.forwarded ? answers : 0;
  if (hits !== forwarded) {
    throw new WrongAnswers(
      `${scenario.title}: the upstream was asked ${hits} times instead of ${forwarded}.`,
    );
  }
  if (ledger === undefined) return;
  const delivered = scenario.receipts ? answers : 0;
  if (ledger.claims !== delivered || ledger.delivered !== delivered || ledger.answered !== delivered) {
    throw new WrongAnswers(
      `${scenario.title}: the ledger has ${ledger.claims} claims, ${ledger.delivered} delivered, ` +
        `${ledger.answered} answered, instead of ${delivered} each.`,
    );
  }
}
