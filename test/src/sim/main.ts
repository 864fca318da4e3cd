import { parseArgs } from 'node:util';
import { countGiven, runCommand } from '../run-options.js';
import { crashEverywhere } from './flows.js';
import { type Plan, planOf } from './plan.js';
import { addTally, emptyTally, type Outcome, runPlan } from './run.js';
import { shrinkPlan } from './shrink.js';
import { describeStep } from './world.js';

const usage = `npm run sim -- [--seeds N] [--seed N] [--every-crash] [--gateways N] [--json]

  --seeds N       so many seeds, from 1 or from --seed; 1,000 unless something else is said
  --seed N        the first seed; alone, only this one
  --every-crash   every flow with every fault at every operation of the ledger, with a crash between any two steps,
                  and with every pair of crashes
  --gateways N    so many gateways over one store; otherwise one and two, by turns
  --json          one object on stdout

Exit code 1 when a promise was broken, 2 for options that it does not know.`;

/** Lines of the trace that are shown with a failure. */
const traceLinesMax = 40;

interface Failure {
  /** `seed 17` or the flow's name. */
  readonly found: string;
  readonly violations: Outcome['violations'];
  readonly step: number;
  readonly minimal: Plan;
  readonly trace: readonly string[];
}

async function failureOf(found: string, plan: Plan, outcome: Outcome): Promise<Failure> {
  const [first] = outcome.violations;
  const minimal = first === undefined ? plan : await shrinkPlan(plan, first.promise);
  const { trace } = await runPlan(minimal);
  return {
    found,
    violations: outcome.violations,
    step: outcome.step,
    minimal,
    trace: trace.slice(-traceLinesMax),
  };
}

function print({ found, violations, step, minimal, trace }: Failure): void {
  const lines = [
    `FAILED: ${found}, ${step === 0 ? 'after the faults had stopped' : `step ${step}`}`,
    ...violations.map(({ promise, detail }) => `  promise ${promise}: ${detail}`),
    'The smallest plan that still fails:',
    ...minimal.steps.map((each, at) => `  ${at + 1} ${describeStep(each)}`),
    ...minimal.faults.map(({ operation, kind }) => `  fault: ${kind} at operation ${operation}`),
    'Its trace:',
    ...trace.map((line) => `  ${line}`),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

async function simulate(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      gateways: { type: 'string' },
      'every-crash': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const everyCrash = values['every-crash'];
  const firstSeed = countGiven(values.seed, 'seed') ?? 1;
  const aloneSeeds = everyCrash ? 0 : 1_000;
  const seeds = countGiven(values.seeds, 'seeds') ?? (values.seed === undefined ? aloneSeeds : 1);
  const gateways = countGiven(values.gateways, 'gateways');
  const tally = emptyTally();
  const failures: Failure[] = [];
  let crashRuns = 0;
  if (everyCrash) {
    for (const several of gateways === undefined ? [1, 2] : [gateways]) {
      const said = (flow: string): unknown => process.stderr.write(`${several} gateways, ${flow}\n`);
      const result = await crashEverywhere(several, true, undefined, said);
      crashRuns += result.runs;
      addTally(tally, result.tally);
      const { failure } = result;
      if (failure !== undefined) failures.push(await failureOf(failure.flow, failure.plan, failure.outcome));
    }
  }
  for (let seed = firstSeed; seed < firstSeed + seeds && failures.length === 0; seed++) {
    const plan = planOf(seed, gateways);
    const outcome = await runPlan(plan);
    addTally(tally, outcome.tally);
    if (outcome.violations.length > 0) failures.push(await failureOf(`seed ${seed}`, plan, outcome));
    if ((seed - firstSeed + 1) % 1_000 === 0) process.stderr.write(`${seed - firstSeed + 1} seeds\n`);
  }
  for (const failure of failures) print(failure);
  const report = { ok: failures.length === 0, firstSeed, seeds, crashRuns, ...tally, failures };
  process.stdout.write(
    `${values.json ? JSON.stringify(report) : JSON.stringify({ ...report, failures: undefined }, null, 2)}\n`,
  );
  process.exitCode = report.ok ? 0 : 1;
}

await runCommand(usage, simulate);
