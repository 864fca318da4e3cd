import { afterAll, describe, expect, it } from 'vitest';
import { killAll } from '../chaos/processes.js';
import { countOf, seedOf } from '../chaos/random.js';
import { growthFaults, memoryGrowth } from './soak-memory.js';
import { runSoak } from './soak-run.js';

// Issue: "Soak: 300,000 mixed requests: memory flat, no handle leak, books balanced."
// The whole size: node test/dist/gateway/soak-main.js

/** A generous bound for one request on a busy machine, milliseconds. */
const requestMsMax = 60;

afterAll(killAll);

describe('a soak of mixed requests', () => {
  const requests = countOf('SOAK_REQUESTS', 1_000);
  it('leaves memory flat, no handle open, and the books right', {
    timeout: 240_000 + requests * requestMsMax,
  }, async () => {
    const report = await runSoak({ requests, seed: seedOf('SOAK_SEED'), lanes: 8 });
    expect(report.faults).toEqual([]);
    expect(report.requests).toBeGreaterThanOrEqual(requests);
    expect(report.payments).toBeGreaterThan(requests / 20);
    // Every payment was delivered, to the last satoshi; `runSoak` has waited for the handles.
    expect(report.claims).toEqual({ answered: report.payments });
    expect(report.bookedSat).toBe(report.paidSat);
    expect(growthFaults(memoryGrowth(report.samples))).toEqual([]);
  });
});
