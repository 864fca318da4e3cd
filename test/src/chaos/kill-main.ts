import { parseArgs } from 'node:util';
import { countGiven, runCommand, UsageError } from '../run-options.js';
import { runKills } from './kill-run.js';
import { endOnSignals, killAll } from './processes.js';
import { seedOf } from './random.js';
import { runStorm } from './storm-run.js';

const usage = `npm run chaos -- --kills N [--store sqlite|postgres] [--gateways N] [--minutes N] [--seed N] [--json]
    clients buy without a pause while gateways are killed
npm run chaos -- [--rounds N] [--seed N] [--json]
    one purchase a round by the farebox command; gateway, wallet or both are killed in it; 50 rounds unless said otherwise

Exit code 1 when a payment was lost or doubled, 2 for options that it does not know.`;

const options = {
  rounds: { type: 'string' },
  kills: { type: 'string' },
  store: { type: 'string' },
  gateways: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/** Rounds that are run when nothing is said. */
const roundsDefault = 50;

/** The way in which it is to be run. Everything is read before anything is started. */
function plan(values: Values): () => Promise<{ readonly ok: boolean }> {
  const kills = countGiven(values.kills, 'kills');
  const rounds = countGiven(values.rounds, 'rounds');
  const minutes = countGiven(values.minutes, 'minutes');
  const gateways = countGiven(values.gateways, 'gateways');
  const seed = countGiven(values.seed, 'seed');
  if (seed !== undefined) process.env.CHAOS_SEED = String(seed);
  const { store = 'sqlite' } = values;
  if (store !== 'sqlite' && store !== 'postgres') throw new UsageError('--store is sqlite or postgres.');
  if (kills !== undefined) {
    if (rounds !== undefined) throw new UsageError('Say --kills or --rounds, not both.');
    if (store === 'sqlite' && (gateways ?? 1) > 1)
      throw new UsageError('More than one gateway needs --store postgres.');
    return () => storm(store, kills, gateways ?? (store === 'postgres' ? 3 : 1), minutes);
  }
  const alone = (['store', 'gateways', 'minutes'] as const).find((name) => values[name] !== undefined);
  if (alone !== undefined) throw new UsageError(`--${alone} goes with --kills.`);
  return () => oneByOne(rounds ?? roundsDefault, values.json);
}

async function storm(
  store: 'sqlite' | 'postgres',
  kills: number,
  gateways: number,
  minutes: number | undefined,
): Promise<{ readonly ok: boolean }> {
  return runStorm({
    kills,
    seed: seedOf('CHAOS_SEED'),
    store,
    gateways,
    msMax: minutes === undefined ? Number.POSITIVE_INFINITY : minutes * 60_000,
    onKill: (number, purchases) => {
      if (number % 10 === 0) process.stderr.write(`${number} kills, ${purchases} purchases\n`);
    },
  });
}

async function oneByOne(rounds: number, whole: boolean): Promise<{ readonly ok: boolean }> {
  const report = await runKills({
    rounds,
    seed: seedOf('CHAOS_SEED'),
    onRound: ({ path, victim, anchor, delayMs, walletExit, found }, number) =>
      process.stderr.write(
        `${number} ${path}: ${victim} killed ${delayMs} ms after ${anchor}; wallet ${walletExit}, journal ${found}\n`,
      ),
  });
  const { rounds: _rounds, ...summary } = report;
  return whole ? report : summary;
}

await runCommand(usage, async () => {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const run = plan(values);
  endOnSignals();
  try {
    const report = await run();
    process.stdout.write(`${JSON.stringify(report, null, values.json ? 0 : 2)}\n`);
    process.exitCode = report.ok ? 0 : 1;
  } finally {
    await killAll();
  }
});
