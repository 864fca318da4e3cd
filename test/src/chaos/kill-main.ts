import { parseArgs } from 'node:util';
import { runKills } from './kill-run.js';
import { killAll } from './processes.js';
import { countOf, seedOf } from './random.js';
import { runStorm } from './storm-run.js';

// npm run chaos -- --kills 1000 [--store sqlite|postgres] [--gateways N] [--minutes N] [--seed N] [--json]
//     clients buy without a pause while gateways are killed
// npm run chaos -- --rounds 50 [--seed N] [--json]
//     one purchase a round by the farebox command; gateway, wallet or both are killed in it
// Exit code 1 when a payment was lost or doubled.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    kills: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    gateways: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (values.rounds !== undefined) process.env.CHAOS_ROUNDS = values.rounds;
if (values.kills !== undefined) process.env.CHAOS_KILLS = values.kills;
if (values.seed !== undefined) process.env.CHAOS_SEED = values.seed;
const { store } = values;
if (store !== 'sqlite' && store !== 'postgres') {
  process.stderr.write('--store is sqlite or postgres.\n');
  process.exit(2);
}

async function storm(kind: 'sqlite' | 'postgres'): Promise<{ readonly ok: boolean }> {
  return runStorm({
    kills: countOf('CHAOS_KILLS', 100),
    seed: seedOf('CHAOS_SEED'),
    store: kind,
    gateways: Number(values.gateways ?? (kind === 'postgres' ? 3 : 1)),
    msMax: values.minutes === undefined ? Number.POSITIVE_INFINITY : Number(values.minutes) * 60_000,
    onKill: (number, purchases) => {
      if (number % 10 === 0) process.stderr.write(`${number} kills, ${purchases} purchases\n`);
    },
  });
}

async function rounds(): Promise<{ readonly ok: boolean }> {
  const report = await runKills({
    rounds: countOf('CHAOS_ROUNDS', 50),
    seed: seedOf('CHAOS_SEED'),
    onRound: ({ path, victim, anchor, delayMs, walletExit, found }, number) =>
      process.stderr.write(
        `${number} ${path}: ${victim} killed ${delayMs} ms after ${anchor}; wallet ${walletExit}, journal ${found}\n`,
      ),
  });
  const { rounds: _rounds, ...summary } = report;
  return values.json ? report : summary;
}

try {
  const report = values.kills === undefined ? await rounds() : await storm(store);
  process.stdout.write(`${JSON.stringify(report, null, values.json ? 0 : 2)}\n`);
  process.exitCode = report.ok ? 0 : 1;
} finally {
  await killAll();
}
