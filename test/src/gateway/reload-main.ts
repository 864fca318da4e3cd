import { parseArgs } from 'node:util';
import { killAll } from '../chaos/processes.js';
import { runReloadStorm } from './reload-storm.js';

// node test/dist/gateway/reload-main.js [--reloads 100] [--streams 300] [--buyers 8]
//     reloads a gateway under open event streams and paid load; exit code 1 when anything went wrong

const { values } = parseArgs({
  options: {
    reloads: { type: 'string', default: '100' },
    streams: { type: 'string', default: '300' },
    buyers: { type: 'string', default: '8' },
  },
});
try {
  const report = await runReloadStorm({
    reloads: Number(values.reloads),
    streams: Number(values.streams),
    buyers: Number(values.buyers),
  });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.faults.length === 0 && report.paidSat === report.bookedSat ? 0 : 1;
} finally {
  await killAll();
}
