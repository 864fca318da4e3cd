import { describe, expect, it } from 'vitest';
import { crashEverywhere, keylessFlows } from './flows.js';
import { planOf } from './plan.js';
import { addTally, emptyTally, runPlan } from './run.js';

/** Every third flow; all of them, with keys as well: `npm run sim -- --every-crash`. */
const flows = keylessFlows.filter((_, at) => at % 3 === 0);
/** Seeds in `npm test`. The long run: `npm run sim -- --seeds 10000`. */
const seeds = 300;
/** Much longer than either takes, and both are nothing but work, milliseconds. */
const worldsMsMax = 600_000;

describe('the simulator', () => {
  it(`finds no broken promise in ${seeds} seeds, and every paid purchase comes to a documented end`, {
    timeout: worldsMsMax,
  }, async () => {
    const tally = emptyTally();
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, tally: one } = await runPlan(planOf(seed));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      addTally(tally, one);
    }
    const { paid, served, redeemed, held, lost, exhausted, lapsed, expired, refunded, elsewhere } = tally;
    const ends = [served, redeemed, held, lost, exhausted, expired, refunded, elsewhere];
    expect(ends.reduce((sum, end) => sum + end, lapsed)).toBe(paid);
    // The worlds are rich enough for every end, and for the faults.
    for (const end of ends) expect(end).toBeGreaterThan(0);
    expect(tally.crashes).toBeGreaterThan(seeds / 2);
    expect(tally.faults).toBeGreaterThan(seeds / 4);
  });

  it('finds none with every fault at every operation of the ledger and a crash between any two steps', {
    timeout: worldsMsMax,
  }, async () => {
    for (const gateways of [1, 2]) {
      const chosen = flows.filter((_, at) => at % 2 === gateways - 1);
      const { failure, runs } = await crashEverywhere(gateways, false, chosen);
      expect(failure).toBeUndefined();
      expect(runs).toBeGreaterThan(chosen.length * 20);
    }
  });

  it('does the same again for the same seed', async () => {
    for (const seed of [7, 8, 9]) {
      const first = await runPlan(planOf(seed));
      const second = await runPlan(planOf(seed));
      expect(second.trace).toEqual(first.trace);
      expect(first.trace.length).toBeGreaterThan(30);
    }
  });

  it('gives the process its own timers back', async () => {
    const { setTimeout, clearTimeout } = globalThis;
    await runPlan(planOf(1));
    expect(globalThis.setTimeout).toBe(setTimeout);
    expect(globalThis.clearTimeout).toBe(clearTimeout);
  });
});
