import type { Ledger } from '../ledger.js';
import { filledUntilMs } from './fill.js';
import { requestOf } from './requests.js';

/** How many claims one measurement delivers, each with its mark. */
export const pairs = 100_000;
const inFlight = 64;

/** What one delivery and its mark cost. */
export interface Cost {
  /** Processor time of the whole process for one delivery and its mark, µs. */
  readonly cpuMicros: number;
  /** Bytes that the store had written to disk for it; of PostgreSQL to its log. */
  readonly bytes: number;
  readonly perSecond: number;
  /** 99 of 100 deliveries took no longer, ms. */
  readonly p99Ms: number;
  readonly slowestMs: number;
}

let next = 0;

/**
 * Delivers so many claims and marks them.
 *
 * @param writtenBytes what the store has written to disk until now
 */
export async function deliver(
  ledger: Ledger,
  count: number,
  writtenBytes: () => Promise<number>,
  nowMs = filledUntilMs,
): Promise<Cost> {
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
  const written = await writtenBytes();
  const [cpu, since] = [process.cpuUsage(), performance.now()];
  await Promise.all(Array.from({ length: inFlight }, one));
  await ledger.find(requests[0]?.challengeId ?? '');
  const took = performance.now() - since;
  const { user, system } = process.cpuUsage(cpu);
  waits.sort((a, b) => a - b);
  return {
    cpuMicros: (user + system) / count,
    bytes: ((await writtenBytes()) - written) / count,
    perSecond: (1000 * count) / took,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    slowestMs: waits.at(-1) ?? 0,
  };
}
