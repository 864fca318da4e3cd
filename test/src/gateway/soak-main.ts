import { parseArgs } from 'node:util';
import { killAll } from '../chaos/processes.js';
import { growthFaults, memoryGrowth } from './soak-memory.js';
import { runSoak } from './soak-run.js';

// node test/dist/gateway/soak-main.js [--requests 300000] [--lanes 16] [--seed N]
//     mixed requests through a gateway that is reloaded meanwhile; exit code 1 when anything went wrong

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '300000' },
    lanes: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
  },
});
const startMs = Date.now();
try {
  const report = await runSoak({
    requests: Number(values.requests),
    seed: Number(values.seed),
    lanes: Number(values.lanes),
    onProgress: (sent) =>
      process.stderr.write(`${sent} requests, ${Math.round((Date.now() - startMs) / 1_000)} s\n`),
  });
  const growth = memoryGrowth(report.samples);
  const memoryFaults = growthFaults(growth);
  const seconds = Math.round((Date.now() - startMs) / 1_000);
  process.stdout.write(`${JSON.stringify({ ...report, growth, memoryFaults, seconds }, null, 2)}\n`);
  const { faults, paidSat, bookedSat } = report;
  process.exitCode = [...faults, ...memoryFaults].length === 0 && paidSat === bookedSat ? 0 : 1;
} finally {
  await killAll();
}
