import { describe, expect, it } from 'vitest';
import type { Measurement } from './measure.js';
import { type Round, reportLedger, reportRatios, reportScenario } from './report.js';
import { type ScenarioName, scenarios } from './scenario.js';

function measured(cpuUs: number, requestsPerSecond: number): Measurement {
  const cores = { serverCores: 1, clientCores: 0.5, foreignCores: 0 };
  return { requests: 100, requestsPerSecond, cpuUs, ...cores, ledger: undefined };
}

function round(paid: Measurement, mppxPaidCpuUs: number, bareRequestsPerSecond: number): Round {
  return new Map<ScenarioName, Measurement>([
    ['bare', measured(10, bareRequestsPerSecond)],
    ['free', measured(11, 1)],
    ['challenge', measured(20, 1)],
    ['paid', paid],
    ['mppx-challenge', measured(100, 1)],
    ['mppx-paid', measured(mppxPaidCpuUs, 1)],
  ]);
}

const tally = { claims: 100, delivered: 100, answered: 100, commits: 4, operations: 200 };
const rounds = [
  round({ ...measured(30, 500), ledger: tally }, 100, 1_000),
  round({ ...measured(60, 100), ledger: tally }, 300, 500),
  round({ ...measured(50, 900), ledger: tally }, 100, 1_000),
];

describe('reportRatios', () => {
  it('divides within a round, then takes median and extremes', () => {
    const [challenge, paid, throughput] = reportRatios(rounds);
    expect(challenge?.value).toEqual({ median: 0.2, min: 0.2, max: 0.2 });
    expect(paid?.value).toEqual({ median: 0.3, min: 0.2, max: 0.5 });
    expect(throughput?.value).toEqual({ median: 0.5, min: 0.2, max: 0.9 });
  });

  it('says whether the median meets the target, the target itself included', () => {
    expect(reportRatios(rounds).map(({ met }) => met)).toEqual([true, false, true]);
  });
});

describe('reportScenario', () => {
  it('compares with the bare proxy of the same round', () => {
    const paid = scenarios.find(({ name }) => name === 'paid');
    if (paid === undefined) throw new Error('there is no paid scenario');
    const row = reportScenario(paid, rounds);
    expect(row.requests).toBe(300);
    expect(row.cpuVsBare).toEqual({ median: 5, min: 3, max: 6 });
  });

  it('refuses a round in which something was not measured', () => {
    expect(() => reportRatios([new Map()])).toThrow('no measurement');
  });
});

describe('reportLedger', () => {
  it('adds up the paid rounds', () => {
    expect(reportLedger(rounds, undefined)).toEqual({
      deliveries: 300,
      operations: 600,
      commits: 12,
      operationsPerCommit: 50,
      syncs: undefined,
    });
  });
});
