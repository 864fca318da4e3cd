import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SqliteLedger } from '../sqlite/ledger.js';
import { openSqliteLedger } from '../sqlite/open.js';
import { filledUntilMs, fillLedger } from './fill.js';
import { type Cost, deliver, pairs } from './large-cost.js';
import { measurePostgres } from './large-postgres.js';

// What a ledger of millions of used claims costs, beside an empty one:
//
//   node packages/ledger/dist/testing/large-ledger.js [--claims 10000000] [--store sqlite] [--folder <where there is room>]
//
// Prints one JSON object. Takes some minutes and about 0.4 KB of disk a claim, in a folder of its own that it removes. With
// `--store postgres` it is the server that FAREBOX_TEST_POSTGRES names, or a private one under TMPDIR.

const { values } = parseArgs({
  options: {
    claims: { type: 'string', default: '10000000' },
    store: { type: 'string', default: 'sqlite' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const claims = Number(values.claims);
const bytesPerClaimMax = 1024;
const rounds = 3;
const dayMs = 86_400_000;

async function writtenBytes(): Promise<number> {
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
    deliver(ledger, pairs, writtenBytes, nowMs).finally(() => {
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
  await deliver(empty, pairs, writtenBytes);
  await deliver(ledger, pairs, writtenBytes);
  const costs: { readonly empty: Cost; readonly large: Cost }[] = [];
  // In turns: what else the machine does then meets both.
  for (let round = 0; round < rounds; round++) {
    const fresh = join(folder, `small${round}.db`);
    const beside = (await opened(fresh)).ledger;
    await deliver(beside, 1000, writtenBytes);
    costs.push({
      empty: await deliver(beside, pairs, writtenBytes),
      large: await deliver(ledger, pairs, writtenBytes),
    });
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

async function inFolder(): Promise<object> {
  const folder = mkdtempSync(join(values.folder, 'farebox-large-ledger-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (!Number.isSafeInteger(claims) || claims < 1 || !['sqlite', 'postgres'].includes(values.store)) {
  process.stderr.write('--claims is a whole number from 1, --store is sqlite or postgres.\n');
  process.exitCode = 2;
} else {
  const report = values.store === 'postgres' ? measurePostgres(claims) : inFolder();
  console.log(JSON.stringify(await report, undefined, 2));
}
