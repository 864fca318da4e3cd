import { startNodeLine } from './node-line.js';
import { type Contestant, openContest } from './tempo-contestants.js';
import { openTempoMarket } from './tempo-market.js';

/**
 * Ratios of a paid request over Tempo in one run, on one chain with instant mining: our buyer at our gate against
 * mppx's client at mppx's server. Run: `node test/dist/interop/tempo-ratio.js [rounds]`.
 */
const rounds = Number(process.argv[2] ?? 60);
const warmUps = 15;
const callRounds = 20;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const host = await openTempoMarket(4217);
const line = await startNodeLine(host.devnet.url);
const timed = await openContest(host, host.devnet.url);
const counted = await openContest(host, line.url);
const names = Object.keys(timed.round) as Contestant[]; // the keys of that very object

const times = new Map(names.map((name) => [name, [] as number[]]));
for (let round = 0; round < warmUps + rounds; round += 1) {
  // In turns, so that whatever else the machine does meets everybody alike.
  for (const name of names) {
    const startedMs = performance.now();
    const status = await timed.round[name]();
    if (status !== 200) throw new Error(`${name}: ${status}`);
    if (round >= warmUps) times.get(name)?.push(performance.now() - startedMs);
  }
}
const report: Record<string, unknown>[] = [];
const base = median(times.get('mppx client, mppx server') ?? []);
for (const name of names) {
  await counted.round[name]();
  line.asked.length = 0;
  for (let round = 0; round < callRounds; round += 1) await counted.round[name]();
  const mine = median(times.get(name) ?? []);
  report.push({
    who: name,
    'median ms': mine.toFixed(1),
    'of mppx': (mine / base).toFixed(2),
    'RPC calls': (line.asked.length / callRounds).toFixed(2),
  });
}
console.table(report);
await timed.close();
await counted.close();
await line.close();
await host.close();
