import { describe, expect, it } from 'vitest';
import { runBench } from './bench.js';
import { quickPlan } from './effort.js';
import { scenarios } from './scenario.js';

// Figures of time are never asserted: only that every scenario ran, was answered rightly, and was counted.
describe('the benchmark', () => {
  it('measures every scenario and counts every answer', async () => {
    const counts = { rounds: 1, startUps: 1, connections: 8, warmUpRequestsMax: 100, requestsMax: 200 };
    const plan = { ...quickPlan, ...counts, warmUpMs: 60_000, measureMs: 60_000 };
    const report = await runBench(plan, () => {});

    expect(report.scenarios.map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name));
    for (const row of report.scenarios) {
      expect(row.requests, row.name).toBe(plan.rounds * plan.requestsMax);
      expect(row.cpuUs.min, row.name).toBeGreaterThan(0);
      expect(row.cpuUs.min, row.name).toBeLessThanOrEqual(row.cpuUs.median);
      expect(row.cpuUs.median, row.name).toBeLessThanOrEqual(row.cpuUs.max);
    }
    expect(report.scenarios[0]?.throughputVsBare).toEqual({ median: 1, min: 1, max: 1 });
    expect(report.ratios.map(({ name }) => name)).toEqual([
      'challenge-cpu-vs-mppx',
      'paid-cpu-vs-mppx',
      'paid-throughput-vs-bare',
    ]);

    // Sharing commits is what makes the difference; how large it is, is the machine's affair.
    for (const { store, addedMs, together, alone } of report.groupCommit) {
      expect(together.perCommit, `${store} ${addedMs}`).toBeGreaterThan(1);
      expect(alone.perCommit, `${store} ${addedMs}`).toBeCloseTo(1, 1);
    }

    const { ledger } = report;
    expect(ledger.deliveries).toBe(plan.rounds * (plan.warmUpRequestsMax + plan.requestsMax));
    expect(ledger.operations).toBe(2 * ledger.deliveries);
    expect(ledger.commits).toBeGreaterThan(0);
    // Group commit: eight connections at work share commits.
    expect(ledger.commits).toBeLessThan(ledger.operations);
    // Where the system could be watched, it saw a sync for every commit.
    if (ledger.syncs !== undefined) expect(ledger.syncs.syncs).toBeGreaterThanOrEqual(ledger.syncs.commits);

    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  }, 600_000);
});
