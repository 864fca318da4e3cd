import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from './effort.js';
import { measureGroupCommit } from './group-commit.js';
import { choosePinning, describeMachine } from './machine.js';
import { type Bench, type Measurement, measure, withServer } from './measure.js';
import { startChild } from './process/child.js';
import type { LoadCommands, UpstreamCommands } from './process/tables.js';
import { type Report, type Round, reportLedger, reportRatios, reportScenario } from './report.js';
import { credentialSets, inTurns, type ScenarioName, scenarios } from './scenario.js';
import { measureStartUp } from './start-up.js';
import { countSyncs } from './syncs.js';
import { terms } from './terms.js';

/**
 * Runs the whole benchmark on loopback: every scenario once a round, in a fresh process, in turns; backwards every
 * other round, so that what changes on the machine meanwhile falls on all alike.
 *
 * Rejects when an answer or a count is wrong, or a process fails. Never because of a time.
 *
 * @param progress is told what is being done, in one line each.
 */
export async function runBench(plan: Plan, progress: (line: string) => void): Promise<Report> {
  const startMs = performance.now();
  const pinning = choosePinning();
  // Beside the compiled code and not in the system's folder for temporary files, which may be memory: a ledger there
  // would be durable for nothing.
  const directory = await mkdtemp(join(import.meta.dirname, '.run-'));
  const clean = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', clean);
  const load = startChild<LoadCommands>({ entry: 'load/main.js', prefix: pinning.others });
  const upstream = startChild<UpstreamCommands>({ entry: 'upstream.js', prefix: pinning.others });
  try {
    const { port } = await upstream.ask('listen', undefined);
    const bench: Bench = { load, upstream, upstreamPort: port, serverPrefix: pinning.server, directory };
    progress('minting credentials');
    const bytes = await mintCredentials(bench, plan.warmUpRequestsMax + plan.requestsMax);
    const rounds = await runRounds(bench, plan, startMs, progress);
    progress('counting syncs');
    const paid = scenarios.find(({ name }) => name === 'paid');
    const syncs = paid === undefined ? undefined : await countSyncs(bench, paid, plan);
    progress('group commit');
    const groupCommit = await measureGroupCommit(directory, Math.min(plan.measureMs, groupCommitMsMax));
    progress('start-up of the command');
    const startUp = await measureStartUp(plan.startUps);
    const { connections, warmUpMs, warmUpRequestsMax, measureMs } = plan;
    return {
      machine: { ...describeMachine(), pinned: pinning.pinned },
      plan: { rounds: rounds.length, connections, warmUpMs, warmUpRequestsMax, measureMs },
      bytes,
      scenarios: scenarios.map((scenario) => reportScenario(scenario, rounds)),
      ratios: reportRatios(rounds),
      ledger: reportLedger(rounds, syncs),
      groupCommit,
      startUp,
      seconds: (performance.now() - startMs) / 1_000,
    };
  } finally {
    await Promise.all([load.stop(), upstream.stop()]);
    process.off('exit', clean);
    clean();
  }
}

/** How long each rate of group commit is measured, at most, milliseconds. */
const groupCommitMsMax = 600;

/** Mints the credentials of every gateway, in the image of a challenge that it issues. The sizes are Farebox's. */
async function mintCredentials(
  bench: Bench,
  count: number,
): Promise<{ challenge: number; credential: number }> {
  const sizes: { challenge: number; credential: number }[] = [];
  for (const set of credentialSets) {
    const minted = await withServer(bench, set, (_server, port) =>
      bench.load.ask('mint', { set, port, count, secret: terms.secret }),
    );
    sizes.push({ challenge: minted.challengeBytes, credential: minted.credentialBytes });
  }
  const [own] = sizes;
  if (own === undefined) throw new Error('There is no gateway to mint credentials for.');
  return own;
}

async function runRounds(
  bench: Bench,
  plan: Plan,
  startMs: number,
  progress: (line: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  const nodeFlags =
    plan.profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${plan.profileDirectory}`];
  for (let number = 1; number <= plan.rounds; number++) {
    const roundStartMs = performance.now();
    const round = new Map<ScenarioName, Measurement>();
    const order = number % 2 === 1 ? inTurns : inTurns.toReversed();
    for (const scenario of order) {
      const measured = await measure(bench, scenario, plan, nodeFlags);
      round.set(scenario.name, measured);
      const rate = `${Math.round(measured.requestsPerSecond)} req/s, ${measured.cpuUs.toFixed(1)} µs`;
      progress(`round ${number} of ${plan.rounds}: ${scenario.title}: ${rate}`);
    }
    rounds.push(round);
    const nowMs = performance.now();
    if (nowMs - startMs + (nowMs - roundStartMs) > plan.budgetMs) break;
  }
  return rounds;
}
