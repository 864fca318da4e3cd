import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled } from './machine.js';
import { type Bench, type Effort, measure, WrongAnswers } from './measure.js';
import type { Scenario } from './scenario.js';

/** What the system saw of a short paid run that is not measured. */
export interface SyncEvidence {
  readonly deliveries: number;
  readonly commits: number;
  /** fsync and fdatasync calls of the server's process, from its start to its end. */
  readonly syncs: number;
}

/** Paid requests that are watched. */
const watchedRequestsMax = 3_000;

/**
 * Counts the sync calls of a short paid run with `strace`, so that "durable" is evidence and not a word. Undefined
 * where there is no `strace` or it may not watch.
 */
export async function countSyncs(
  bench: Bench,
  paid: Scenario,
  effort: Effort,
): Promise<SyncEvidence | undefined> {
  if (!isInstalled('strace')) return undefined;
  const log = join(bench.directory, 'syncs.log');
  const strace = ['strace', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', log];
  try {
    const watched = { ...bench, serverPrefix: [...strace, ...bench.serverPrefix] };
    const half = Math.min(watchedRequestsMax / 2, effort.requestsMax, effort.warmUpRequestsMax);
    const { ledger } = await measure(watched, paid, {
      ...effort,
      warmUpRequestsMax: half,
      requestsMax: half,
    });
    if (ledger === undefined) return undefined;
    const calls = (await readFile(log, 'utf8')).match(/ (?:fsync|fdatasync)\(/g)?.length ?? 0;
    return { deliveries: ledger.delivered, commits: ledger.commits, syncs: calls };
  } catch (error) {
    if (error instanceof WrongAnswers) throw error;
    return undefined; // strace is there and may not trace: many containers forbid it
  }
}
