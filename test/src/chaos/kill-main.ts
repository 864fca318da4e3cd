import { parseArgs } from 'node:util';
import { runKills } from './kill-run.js';
import { killAll } from './processes.js';
import { countOf, seedOf } from './random.js';

// The long run: npm run chaos -w @farebox/test -- --rounds 50 --json. Exit code 1 when a payment was lost.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (values.rounds !== undefined) process.env.CHAOS_ROUNDS = values.rounds;
if (values.seed !== undefined) process.env.CHAOS_SEED = values.seed;
try {
  const report = await runKills({
    rounds: countOf('CHAOS_ROUNDS', 50),
    seed: seedOf('CHAOS_SEED'),
    onRound: ({ path, victim, anchor, delayMs, walletExit, found }, number) =>
      process.stderr.write(
        `${number} ${path}: ${victim} killed ${delayMs} ms after ${anchor}; wallet ${walletExit}, journal ${found}\n`,
      ),
  });
  const { rounds: _rounds, ...summary } = report;
  process.stdout.write(`${JSON.stringify(values.json ? report : summary, null, values.json ? 0 : 2)}\n`);
  process.exitCode = report.ok ? 0 : 1;
} finally {
  await killAll();
}
