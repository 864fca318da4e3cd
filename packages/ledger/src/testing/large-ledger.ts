import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SqliteLedger } from '../sqlite/ledger.js';
import { openSqliteLedger } from '../sqlite/open.js';
import { filledUntilMs, fillLedger } from './fill.js';
import { requestOf } from './requests.js';

// What a ledger of millions of used claims costs, beside an empty one:
//
//   node packages/ledger/dist/testing/large-ledger.js [--claims 10000000] [--folder <where there is room>]
//
// Prints one JSON object. Takes some minutes and about 0.4 KB of disk a claim, in a folder of its own that it removes.

const { values } = parseArgs({
  options: {
    claims: { type: 'string', default: '10000000' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const claims = Number(values.claims);
const bytesPerClaimMax = 1024;
const pairs = 100_000;
const rounds = 3;
const inFlight = 64;
const dayMs = 86_400_000;

interface Cost {
  /** Processor time of the whole process for one delivery and its mark, µs. */
  readonly cpuMicros: number;
  /** Bytes that the process had written to disk for it. */
  readonly bytes: number;
  readonly perSecond: number;
  /** 99 of 100 deliveries took no longer, ms. */
  readonly p99Ms: number;
  readonly slowestMs: number;
}

let next = 0;

async function deliver(ledger: SqliteLedger, count: number, nowMs = filledUntilMs): Promise<Cost> {
  const requests = Array.from({ length: count }, () => requestOf(`new ${next++}`, `new ${next}`, { nowMs }));
  const waits: number[] = [];
  let at = 0;
  const one = async (): Promise<void> => {
    for (let request = requests[at++]; request !== undefined; request = requests[at++]) {
      const since = performance.now();
      const result = await ledger.deliver(request);
      waits.push(performance.now() - since);
      if (!result.ok) throw new Error('a new claim was taken');
      void ledger.answered(result.seq, nowMs + 1);
    }
  };
  const [cpu, written, since] = [process.cpuUsage(), writtenBytes(), performance.now()];
  await Promise.all(Array.from({ length: inFlight }, one));
  await ledger.find(requests[0]?.challengeId ?? '');
  const took = performance.now() - since;
  const { user, system } = process.cpuUsage(cpu);
  waits.sort((a, b) => a - b);
  return {
    cpuMicros: (user + system) / count,
    bytes: (writtenBytes() - written) / count,
    perSecond: (1000 * count) / took,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    slowestMs: waits.at(-1) ?? 0,
  };
}

function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

async function opened(path: string): Promise<{ readonly ledger: SqliteLedger; readonly ms: number }> {
  const since = performance.now();
  const ledger = await openSqliteLedger({ path });
  return { ledger, ms: performance.now() - since };
}

// Everything that may leave does, while deliveries go on.
async function sweepBesideTraffic(ledger: SqliteLedger): Promise<object> {
  const nowMs = filledUntilMs + 40 * dayMs;
  const terms = { nowMs, redemptionWindowMs: nowMs, replayWindowMs: nowMs, retentionMs: 30 * dayMs };
  let [swept, steps, slowestStepMs, over] = [0, 0, 0, false];
  const sweeping = async (): Promise<void> => {
    while (!over) {
      const since = performance.now();
      const { pruned, more } = await ledger.sweep({ ...terms, rowsMax: 1000 });
      slowestStepMs = Math.max(slowestStepMs, performance.now() - since);
      swept += pruned;
      steps++;
      if (!more) return;
    }
  };
  const [, traffic] = await Promise.all([
    sweeping(),
    deliver(ledger, pairs, nowMs).finally(() => {
      over = true;
    }),
  ]);
  const since = performance.now();
  const before = swept;
  over = false;
  await sweeping();
  const perSecond = (1000 * (swept - before)) / (performance.now() - since);
  return { traffic, steps, swept, slowestStepMs, aloneRowsPerSecond: perSecond };
}

async function measure(folder: string): Promise<object> {
  const disk = statfsSync(folder);
  if (disk.bavail * disk.bsize < claims * bytesPerClaimMax) throw new Error(`${folder} has too little room`);
  const [large, small] = [join(folder, 'large.db'), join(folder, 'small.db')];
  await fillLedger(large, claims);
  const fileBytesPerClaim = statSync(large).size / claims;
  const coldRestart = dropCaches() ? await openedOnce(large) : undefined;
  const restarts = [await openedOnce(large), await openedOnce(large), await openedOnce(large)];
  const { ledger } = await opened(large);
  const empty = (await opened(small)).ledger;
  await deliver(empty, pairs);
  await deliver(ledger, pairs);
  const costs: { readonly empty: Cost; readonly large: Cost }[] = [];
  // In turns: what else the machine does then meets both.
  for (let round = 0; round < rounds; round++) {
    const fresh = join(folder, `small${round}.db`);
    const beside = (await opened(fresh)).ledger;
    await deliver(beside, 1000);
    costs.push({ empty: await deliver(beside, pairs), large: await deliver(ledger, pairs) });
    await beside.close();
  }
  const sweep = await sweepBesideTraffic(ledger);
  await Promise.all([ledger.close(), empty.close()]);
  const restartAfterSweep = await openedOnce(large);
  const ratios = costs.map((cost) => cost.large.cpuMicros / cost.empty.cpuMicros);
  return { claims, fileBytesPerClaim, coldRestart, restarts, ratios, costs, sweep, restartAfterSweep };
}

/** How long opening took, and the processor time that it needed: on a busy machine only the latter says much. */
async function openedOnce(path: string): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const before = process.cpuUsage();
  const { ledger, ms } = await opened(path);
  const { user, system } = process.cpuUsage(before);
  await ledger.close();
  return { ms, cpuMs: (user + system) / 1000 };
}

// Only root can, and only on Linux.
function dropCaches(): boolean {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(values.folder, 'farebox-large-ledger-'));
try {
  console.log(JSON.stringify(await measure(folder), undefined, 2));
} finally {
  rmSync(folder, { recursive: true });
}
