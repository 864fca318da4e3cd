import { afterAll, describe, expect, it } from 'vitest';
import { killAll } from '../chaos/processes.js';
import { countOf } from '../chaos/random.js';
import { runReloadStorm } from './reload-storm.js';

// Issue: "Reload 100 times under 300 open SSE streams and paid load: no error, no stall, no unpaid answer."
// The whole size: node test/dist/gateway/reload-main.js

afterAll(killAll);

describe('reload under load', () => {
  it('breaks no stream, stalls none, answers nobody unpaid, and the books are right', async () => {
    const reloads = countOf('RELOAD_ROUNDS', 6);
    const streams = countOf('RELOAD_STREAMS', 30);
    const report = await runReloadStorm({ reloads, streams, buyers: 4 });
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ reloads, routes: reloads, events: reloads * streams });
    expect(report.purchases).toBeGreaterThan(0);
    expect(report.unpaid).toBeGreaterThan(0);
    expect(report.bookedSat).toBe(report.paidSat);
    // A purchase was answered; a stream of ours is cut when its client leaves. Nothing else is left behind.
    expect(report.claims).toEqual({ answered: report.purchases, cut: Math.ceil(streams / 2) });
  });
});
