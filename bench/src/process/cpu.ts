import type { CpuTime } from './tables.js';

/** CPU time of this process, all its threads. */
export function cpuTime(): CpuTime {
  const { user, system } = process.cpuUsage();
  return { userUs: user, systemUs: system };
}

/** Microseconds between two readings. */
export function cpuBetween(before: CpuTime, after: CpuTime): number {
  return after.userUs + after.systemUs - before.userUs - before.systemUs;
}
